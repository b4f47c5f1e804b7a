"""Expressions of the small tree."""

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
class Parameter:
    """A function's parameter; the kind is `*` or `**` for one that collects the rest."""

    name: str
    annotation: "Expr | None"
    default: "Expr | None"
    kind: str = ""
    keyword_only: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Lambda:
    """A lambda: its body is not run where it stands."""

    span: Span
    parameters: tuple[Parameter, ...]
    body: "Expr"


@dataclass(frozen=True, slots=True, eq=False)
class Yield:
    """`yield value` or `yield from value`: makes a generator of its function."""

    span: Span
    value: "Expr | None"


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
    """Any other expression (an f-string, `await`), with its parts in order."""

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
    | Yield
    | Walrus
    | Slice
    | Other
)
