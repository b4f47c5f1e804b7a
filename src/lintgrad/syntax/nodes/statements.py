"""Statements of the small tree."""

from dataclasses import dataclass

from lintgrad.source.text import Span
from lintgrad.syntax.nodes.expressions import Expr, Parameter


@dataclass(frozen=True, slots=True, eq=False)
class Assign:
    """`targets = value`; several targets for `a = b = value`."""

    span: Span
    targets: tuple[Expr, ...]
    value: Expr
    annotation: Expr | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Declare:
    """`target: annotation` without a value."""

    span: Span
    target: Expr
    annotation: Expr


@dataclass(frozen=True, slots=True, eq=False)
class AugAssign:
    """`target op= value`."""

    span: Span
    target: Expr
    op: str
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Delete:
    """`del targets`."""

    span: Span
    targets: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ExprStmt:
    """An expression whose value is dropped."""

    span: Span
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class If:
    """An `if` with its `else` (an `elif` is an If in `orelse`); the span is the header's."""

    span: Span
    test: Expr
    body: tuple["Stmt", ...]
    orelse: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True, eq=False)
class For:
    """A `for` loop; the span is the header's."""

    span: Span
    target: Expr
    iter: Expr
    body: tuple["Stmt", ...]
    orelse: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True, eq=False)
class While:
    """A `while` loop; the span is the header's."""

    span: Span
    test: Expr
    body: tuple["Stmt", ...]
    orelse: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True, eq=False)
class WithItem:
    """One `value as target` of a `with`."""

    value: Expr
    target: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class With:
    """A `with` statement; the span is the header's."""

    span: Span
    items: tuple[WithItem, ...]
    body: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    """One `except` clause."""

    span: Span
    target: str | None
    body: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Try:
    """A `try` statement."""

    span: Span
    body: tuple["Stmt", ...]
    handlers: tuple[Handler, ...]
    orelse: tuple["Stmt", ...]
    final: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One `case`: the literal it compares with, if it is one, and whether it matches anything."""

    span: Span
    literal: Expr | None
    irrefutable: bool
    captures: tuple[str, ...]
    guard: Expr | None
    body: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """A `match` statement."""

    span: Span
    subject: Expr
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function definition; the span is the header's."""

    span: Span
    name: str
    parameters: tuple[Parameter, ...]
    decorators: tuple[Expr, ...]
    body: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """A class definition; the span is the header's."""

    span: Span
    name: str
    bases: tuple[Expr, ...]
    decorators: tuple[Expr, ...]
    body: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Return:
    """`return value`."""

    span: Span
    value: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Raise:
    """`raise value`."""

    span: Span
    value: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Assert:
    """`assert test`."""

    span: Span
    test: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Break:
    """`break`."""

    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Continue:
    """`continue`."""

    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Import:
    """`import a.b as c` or `from a import b as c`: pairs of bound name and dotted name.

    A relative import keeps its leading dots; `from a import *` binds the name `*`.
    """

    span: Span
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Global:
    """`global` or `nonlocal` names."""

    span: Span
    names: tuple[str, ...]


Stmt = (
    Assign
    | Declare
    | AugAssign
    | Delete
    | ExprStmt
    | If
    | For
    | While
    | With
    | Try
    | Match
    | Function
    | Class
    | Return
    | Raise
    | Assert
    | Break
    | Continue
    | Import
    | Global
)


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """A parsed file."""

    body: tuple[Stmt, ...]
