"""What a dotted name refers to, by following the imports that are visible where it stands."""

from collections.abc import Iterable, Mapping

from lintgrad.syntax.nodes import Attr, Const, Expr, Import, Item, Name, Stmt
from lintgrad.syntax.walk import statements_of


def imports_of(body: Iterable[Stmt]) -> dict[str, str]:
    """The names that imports bind in one scope, with what they refer to.

    `from m import *` binds `*m`; for torch the two names that scripts really use so are bound.
    """
    found: dict[str, str] = {}
    for statement in statements_of(body):
        if isinstance(statement, Import):
            for name, dotted_name in statement.names:
                if name == "*":
                    module = dotted_name.removesuffix(".*")
                    found[f"*{module}"] = module
                else:
                    found[name] = dotted_name
    if "*torch" in found:
        found = {"nn": "torch.nn", "optim": "torch.optim"} | found
    return found


def dotted(expr: Expr, imports: Mapping[str, str]) -> str | None:
    """The full dotted name of an expression whose first name is imported, else None.

    A dotted name may itself be bound, by a project that says it to be another.
    """
    match expr:
        case Name():
            name = imports.get(expr.id)
        case Attr():
            base = dotted(expr.value, imports)
            name = None if base is None else f"{base}.{expr.name}"
        case _:
            return None
    return None if name is None else imports.get(name, name) if "." in name else name


def place_of(expr: Expr) -> str | None:
    """The access path an expression spells: `self.opt`, `opts["d"]`, `opts[i]`; None if it is none.

    An index that is neither a literal nor a name makes it no place.
    """
    match expr:
        case Name():
            return expr.id
        case Attr():
            base = place_of(expr.value)
            return None if base is None else f"{base}.{expr.name}"
        case Item(index=Const(value=value)):
            base = place_of(expr.value)
            return None if base is None else f"{base}[{value!r}]"
        case Item(index=Name(id=index)):
            base = place_of(expr.value)
            return None if base is None else f"{base}[{index}]"
    return None
