"""What a loop runs over, seen from one of the names it binds."""

from lintgrad.syntax.nodes import Attr, Call, Expr, Mapping, Name, Sequence, Starred

_LOOK_THROUGH = frozenset({"list", "tuple", "reversed", "sorted", "enumerate", "zip", "iter"})
VIEWS = frozenset({"values", "items"})
"""Methods that give a view of a dict's values."""


def element_source(iterated: Expr, index: int, parts: int) -> Expr | None:
    """The collection that one of the parts of a loop's target runs over, or None."""
    if not isinstance(iterated, Call):
        return iterated if parts == 1 else None
    func = iterated.func
    if isinstance(func, Attr) and func.name in VIEWS and not iterated.args:
        wanted = parts - 1 if func.name == "items" else 0
        return func.value if index == wanted else None
    if not isinstance(func, Name) or not iterated.args:
        return iterated
    if func.id == "zip":
        return iterated.args[index] if len(iterated.args) == parts else None
    if func.id == "enumerate":
        return element_source(iterated.args[0], index - 1, parts - 1) if index else None
    return iterated.args[0] if func.id in _LOOK_THROUGH else iterated


def items_of(display: Expr) -> tuple[Expr, ...]:
    """What a display holds; nothing if that is not written down, or for anything else."""
    match display:
        case Sequence(items=items) if not any(isinstance(item, Starred) for item in items):
            return items
        case Mapping(items=pairs) if all(key is not None for key, _ in pairs):
            return tuple(value for _, value in pairs)
    return ()
