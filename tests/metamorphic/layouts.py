"""Programs as files: which module holds what, and how one imports from another."""

import re
from dataclasses import replace

from metamorphic.names import IMPORTS, defined, loads, names_of
from metamorphic.program import (
    Block,
    Inapplicable,
    Layout,
    Module,
    Program,
    Suite,
    with_names,
    written,
)

MODULE = "updates"

_IN_PACKAGE = {
    Layout.RELATIVE: "project/",
    Layout.ABSOLUTE: "project/",
    Layout.SOURCES: "src/project/",
}
_IMPORTED: dict[Layout, str] = {
    Layout.NEIGHBOUR: "from {module} import {names}",
    Layout.ATTRIBUTE: "import {module}",
    Layout.RENAMED: "from {module} import {changed}",
    Layout.STAR: "from {module} import *",
    Layout.RELATIVE: "from .{module} import {names}",
    Layout.ABSOLUTE: "from project.{module} import {names}",
    Layout.SOURCES: "from project.{module} import {names}",
    Layout.REEXPORTED: "from parts import {names}",
}


def in_another_file(program: Program, layout: Layout) -> Program:
    """The program with its functions and classes in a module of their own. Raises Inapplicable."""
    body = program.script.body
    movable = defined(body)
    while True:
        needy = [
            name for name, node in movable.items() if set(names_of((node,)).needed) - set(movable)
        ]
        if not needy:
            break
        movable = {name: node for name, node in movable.items() if name not in needy}
    if not movable or program.others:
        raise Inapplicable
    moved = tuple(movable.values())
    rest = tuple(node for node in body if node not in moved)
    if not set(names_of(rest).needed) & set(movable):
        raise Inapplicable
    return replace(program.with_body(rest), others=(Module(MODULE, moved),), layout=layout)


def files(program: Program) -> dict[str, str]:
    """The text of every file of a program, by its path."""
    folder = _IN_PACKAGE.get(program.layout, "")
    texts = {f"{folder}{program.script.name}.py": _script(program)}
    if folder:
        texts[f"{folder}__init__.py"] = ""
    for module in program.others:
        inside = "parts/" if program.layout is Layout.REEXPORTED else folder
        texts[f"{inside}{module.name}.py"] = _text((), module.body)
        if program.layout is Layout.REEXPORTED:
            names = ", ".join(_exported(program, module))
            texts[f"{inside}__init__.py"] = f"from .{module.name} import {names}\n"
    new = dict(program.renamed)
    return {path: _renamed(text, new) for path, text in texts.items()}


def _renamed(text: str, names: dict[str, str]) -> str:
    """The text with other identifiers; what a mark says stays."""
    word = re.compile(r"# mark: .*|\b[A-Za-z_]\w*\b")
    return word.sub(lambda found: names.get(found[0], found[0]), text)


def _exported(program: Program, module: Module) -> list[str]:
    needed = names_of(program.script.body).needed
    return [name for name in defined(module.body) if name in needed]


def _script(program: Program) -> str:
    body, imports = program.script.body, []
    for module in program.others:
        names = _exported(program, module)
        changed = ", ".join(f"{name} as imported_{name}" for name in names)
        imports.append(
            _IMPORTED[program.layout].format(
                module=module.name, names=", ".join(names), changed=changed
            )
        )
        if program.layout is Layout.ATTRIBUTE:
            body = with_names(body, {name: f"{module.name}.{name}" for name in names})
        if program.layout is Layout.RENAMED:
            body = with_names(body, {name: f"imported_{name}" for name in names})
    return _text(tuple(imports), body)


def _text(imports: tuple[str, ...], body: Suite) -> str:
    used = loads(body)
    known = sorted(line for name, line in IMPORTS.items() if name in used)
    starts = ["\n".join(block) for block in (known, imports) if block]
    space = "\n\n\n" if body and isinstance(body[0], Block) else "\n\n"
    return space.join(["\n\n".join(starts), "\n".join(written(body))]).lstrip() + "\n"
