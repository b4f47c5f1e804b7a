"""A parsed file to its scopes."""

from lintgrad.flow.names.bindings import Via, bind, bind_statement
from lintgrad.flow.names.scopes import ClassScope, Importer, Scope
from lintgrad.source.text import Source
from lintgrad.syntax.names import imports_of
from lintgrad.syntax.nodes import Call, Class, Comprehension, Function, Module, Walrus
from lintgrad.syntax.walk import definitions_of, expressions_of, parts_of, statements_of


def scopes_of(module: Module, source: Source, importer: Importer | None = None) -> list[Scope]:
    """The module's scope followed by those of all its functions, in source order."""
    root = Scope("<module>", module, None, None, imports_of(module.body), source, importer)
    found = [root]
    fill(root, None, found)
    return found


def fill(scope: Scope, owner: ClassScope | None, found: list[Scope]) -> None:
    """Note what a scope binds, calls and defines; the scopes in it are appended."""
    for statement in statements_of(scope.node.body):
        bind_statement(statement, scope.bindings)
        for expr in expressions_of(statement):
            for part in parts_of(expr):
                if isinstance(part, Call):
                    scope.calls.append(part)
                elif isinstance(part, Walrus):
                    bind(part.target, part.value, Via.VALUE, scope.bindings)
                elif isinstance(part, Comprehension):
                    for clause in part.clauses:
                        bind(
                            clause.target,
                            clause.iter,
                            Via.ELEMENT,
                            scope.bindings,
                            within=part.span,
                        )
    for definition in definitions_of(scope.node.body):
        if isinstance(definition, Function):
            scope.functions[definition.name] = _function_scope(definition, scope, owner, found)
        else:
            scope.classes[definition.name] = _class_scope(definition, scope, found)


def _function_scope(
    node: Function, parent: Scope, owner: ClassScope | None, found: list[Scope]
) -> Scope:
    prefix = "" if parent.parent is None else f"{parent.name}."
    name = f"{owner.name}.{node.name}" if owner is not None else f"{prefix}{node.name}"
    imports = parent.imports | imports_of(node.body)
    scope = Scope(name, node, parent, owner, imports, parent.source, parent.importer)
    found.append(scope)
    fill(scope, owner, found)
    return scope


def _class_scope(node: Class, parent: Scope, found: list[Scope]) -> ClassScope:
    owner = ClassScope(node.name, node, parent)
    for statement in statements_of(node.body):
        bind_statement(statement, owner.attributes)
    for definition in definitions_of(node.body):
        if isinstance(definition, Function):
            owner.methods[definition.name] = _function_scope(definition, parent, owner, found)
        else:
            parent.classes.setdefault(definition.name, _class_scope(definition, parent, found))
    return owner
