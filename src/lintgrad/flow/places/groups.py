"""The parameter groups of optimizers: what loops over `param_groups` run through."""

from lintgrad.flow.names.bindings import Via, at
from lintgrad.flow.names.scopes import Scope
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Const, Expr, Item, Name


def grouped_by(scope: Scope, iterated: Expr) -> str | None:
    """The optimizer whose `param_groups` an iterable comes from."""
    match iterated:
        case Attr(value=optimizer, name="param_groups"):
            return place_of(optimizer)
        case Item(value=Name(id=group), index=Const(value="params")):
            found = scope.lookup(group)
            for binding in at(found[1], iterated.span) if found is not None else ():
                if binding.via is Via.ELEMENT:
                    return grouped_by(scope, binding.value)
    return None
