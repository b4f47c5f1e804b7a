"""The small typed tree that everything above works on: statements and expressions with spans.

It keeps what the analysis reads and drops the rest (comments, white space, annotations of
functions' results). Nodes compare by identity, so that a map can be keyed by the node itself.
"""

from dataclasses import dataclass

from lintgrad.source.text import Span


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A bare name."""

    span: Span
    id: str


@dataclass(frozen=True, slots=True, eq=False)
class Const:
    """A literal number, string, boolean, None or Ellipsis."""

    span: Span
    value: int | float | complex | str | bytes | bool | None


@dataclass(frozen=True, slots=True, eq=False)
class Attr:
    """`value.name`."""

    span: Span
    value: "Expr"
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """`value[index]`; several indices and slices are collected in a tuple."""

    span: Span
    value: "Expr"
    index: "Expr"


@dataclass(frozen=True, slots=True, eq=False)
class Keyword:
    """A keyword argument; the name is None for `**value`."""

    name: str | None
    value: "Expr"


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """`func(*args, **keywords)`."""

    span: Span
    func: "Expr"
    args: tuple["Expr", ...]
    keywords: tuple[Keyword, ...]

    def argument(self, position: int, name: str) -> "Expr | None":
        """The argument passed at a position or by a name, whichever is there."""
        for keyword in self.keywords:
            if keyword.name == name:
                return keyword.value
        plain = self.args[: position + 1]
        if position < 0 or len(plain) <= position or any(isinstance(arg, Starred) for arg in plain):
            return None
        return plain[position]


@dataclass(frozen=True, slots=True, eq=False)
class Starred:
    """`*value` in a call or a collection."""

    span: Span
    value: "Expr"


@dataclass(frozen=True, slots=True, eq=False)
class Unary:
    """`op value`, where op is one of `not - + ~`."""

    span: Span
    op: str
    value: "Expr"


@dataclass(frozen=True, slots=True, eq=False)
class Binary:
    """`left op right` for an arithmetic or bitwise operator."""

    span: Span
    op: str
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True, eq=False)
class Compare:
    """`left op right` for one comparison; a chain is a BoolOp of these."""

    span: Span
    op: str
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True, eq=False)
class BoolOp:
    """`parts[0] op parts[1] ...`, where op is `and` or `or`."""

    span: Span
    op: str
    parts: tuple["Expr", ...]


@dataclass(frozen=True, slots=True, eq=False)
class IfExp:
    """`body if test else orelse`."""

    span: Span
    test: "Expr"
    body: "Expr"
    orelse: "Expr"


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A tuple, list or set display."""

    span: Span
    kind: str
    items: tuple["Expr", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """A dict display; the key is None for `**value`."""

    span: Span
    items: tuple[tuple["Expr | None", "Expr"], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """One `for target in iter if ...` of a comprehension."""

    target: "Expr"
    iter: "Expr"
    tests: tuple["Expr", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Comprehension:
    """A list, set, dict or generator comprehension; a dict has its value as element."""

    span: Span
    kind: str
    element: "Expr"
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lambda:
    """A lambda: its body is not run where it stands."""

    span: Span
    body: "Expr"


@dataclass(frozen=True, slots=True, eq=False)
class Walrus:
    """`target := value`."""

    span: Span
    target: "Expr"
    value: "Expr"


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """`lower:upper:step` as an index."""

    span: Span
    lower: "Expr | None"
    upper: "Expr | None"
    step: "Expr | None"


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """Any other expression (f-string, await, yield), with its parts in order."""

    span: Span
    parts: tuple["Expr", ...]


Expr = (
    Name
    | Const
    | Attr
    | Item
    | Call
    | Starred
    | Unary
    | Binary
    | Compare
    | BoolOp
    | IfExp
    | Sequence
    | Mapping
    | Comprehension
    | Lambda
    | Walrus
    | Slice
    | Other
)


@dataclass(frozen=True, slots=True, eq=False)
class Assign:
    """`targets = value`; several targets for `a = b = value`."""

    span: Span
    targets: tuple[Expr, ...]
    value: Expr
    annotation: Expr | None = None


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
class Parameter:
    """A function's parameter."""

    name: str
    annotation: Expr | None
    default: Expr | None


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
