"""What can be told of a method from how it is written."""

from lintgrad.flow.names.scopes import ClassScope, Scope
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Const, ExprStmt, Function, Other, Raise, Return, Stmt
from lintgrad.syntax.walk import statements_of


def is_static(method: Scope) -> bool:
    """Whether a method does not get the object it is called on."""
    node = method.node
    decorators = node.decorators if isinstance(node, Function) else ()
    return any(place_of(d) in ("staticmethod", "classmethod") for d in decorators)


def is_property(method: Scope) -> bool:
    """Whether a method is read like an attribute."""
    node = method.node
    decorators = node.decorators if isinstance(node, Function) else ()
    return method.owner is not None and "property" in map(place_of, decorators)


def trains(function: Scope) -> bool:
    """Whether a function does a training step, or a part of one, of its own."""
    return any(
        isinstance(call.func, Attr) and call.func.name in ("backward", "step")
        for call in function.calls
    )


def only_holds(own: ClassScope) -> bool:
    """Whether making an object of a class runs nothing: it keeps what it is given, at most."""
    bases = {"object", "NamedTuple", "typing.NamedTuple"}
    runs = ("__init__", "__post_init__", "__new__")
    return bases.issuperset(own.outside_bases()) and not any(map(own.method, runs))


def is_abstract(method: Scope) -> bool:
    """Whether a method is only declared: its body does nothing, or raises."""
    body = [s for s in statements_of(method.node.body) if not _is_docstring(s)]
    return all(isinstance(s, Raise) or _returns_nothing(s) for s in body)


def only_raises(method: Scope) -> bool:
    """Whether a method is there for other classes to have their own, and never to be run."""
    body = statements_of(method.node.body)
    return is_abstract(method) and any(isinstance(statement, Raise) for statement in body)


def _returns_nothing(statement: Stmt) -> bool:
    if not isinstance(statement, Return):
        return False
    value = statement.value
    return value is None or (isinstance(value, Const) and value.value is None)


def _is_docstring(statement: Stmt) -> bool:
    match statement:
        case ExprStmt(value=Const(value=str())):
            return True
        case ExprStmt(value=Other(parts=())):
            return True  # `...`
    return False


def overridden_in_file(method: Scope, own: ClassScope, scope: Scope) -> bool:
    """Whether a class in a file derives from a class and has its own such method."""
    return any(
        other is not own
        and own in other.lineage()
        and other.method(method.name_alone) is not method
        for other in scope.root.all_classes()
    )
