"""What a dotted name refers to in the files of a project."""

from lintgrad.flow.names.scopes import ClassScope, Global, Importer, Scope

_LONGEST = 10
"""Longer names come of packages that import a name from each other, one part more each time."""


def find(importer: Importer, name: str, importing: str) -> Scope | ClassScope | Global | None:
    """What a dotted name refers to in the project, as seen from the file at a path."""
    dots = len(name) - len(name.lstrip("."))
    parts = name[dots:].split(".")
    if len(parts) > _LONGEST:
        return None
    for length in range(len(parts), -1, -1):
        module = importer.module("." * dots + ".".join(parts[:length]), importing)
        if module is not None and length < len(parts) and module.source.path == importing:
            return None  # the package itself, asked for a submodule that is left out
        if module is not None:
            taken = None if parts[length:] else _of_same_name(importer, dots, parts, importing)
            return taken or _in_module(module, parts[length:])
    return None


def _of_same_name(
    importer: Importer, dots: int, parts: list[str], importing: str
) -> Scope | ClassScope | Global | None:
    """What a package imports under the name of one of its modules, which is what is meant then."""
    package = importer.module("." * dots + ".".join(parts[:-1]), importing) if parts[1:] else None
    if package is None or package.source.path == importing or parts[-1] not in package.imports:
        return None
    return package.imported(parts[-1])


def _in_module(module: Scope, parts: list[str]) -> Scope | ClassScope | Global | None:
    if not parts:
        return module
    name, rest = parts[0], parts[1:]
    if name in module.functions:
        return module.functions[name] if not rest else None
    if name in module.classes:
        known = module.classes[name]
        return known.method(rest[0]) if len(rest) == 1 else known
    if name in module.bindings:
        return Global(module, ".".join(parts))
    return module.imported(".".join(parts))
