"""Where the optimizers live: in containers, in objects, or made by a function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from metamorphic.classes import annotated, class_
from metamorphic.names import names_of
from metamorphic.program import (
    Block,
    Inapplicable,
    Kind,
    Line,
    Node,
    Part,
    Program,
    Suite,
    function,
    lines,
    with_names,
)


@dataclass(frozen=True)
class Held:
    """What builds the optimizers, and the expressions that stand for them afterwards."""

    building: Suite
    places: Mapping[str, str]
    definitions: Suite = ()


Holder = Callable[[Mapping[str, str]], Held]
"""From the optimizers' names and the expressions that build them."""


def built_by(suite: Suite) -> dict[str, str]:
    """The optimizers that a suite builds at its own level. Raises Inapplicable if none."""
    found = [node.text for node in suite if isinstance(node, Line) and node.part is Part.BUILD]
    if not found:
        raise Inapplicable
    return {name: made for name, _, made in (text.partition(" = ") for text in found)}


def held(program: Program, holder: Holder) -> Program:
    """The program with its optimizers in a holder. Raises Inapplicable."""
    body = program.script.body
    made = holder(built_by(body))
    if set(names_of(made.building).assigned) & {*names_of(body).assigned} - {*built_by(body)}:
        raise Inapplicable
    last = max(n for n, node in enumerate(body) if isinstance(node, Line) and _builds(node))
    before = tuple(node for node in body[:last] if not _builds(node))
    after = with_names(body[last + 1 :], dict(made.places))
    return program.with_body((*made.definitions, *before, *made.building, *after))


def _builds(node: Node) -> bool:
    return isinstance(node, Line) and node.part is Part.BUILD


def _by_key(built: Mapping[str, str]) -> dict[str, str]:
    return {name: f'optimizers["{name}"]' for name in built}


def _by_index(built: Mapping[str, str]) -> dict[str, str]:
    return {name: f"optimizers[{n}]" for n, name in enumerate(built)}


def _by_attribute(built: Mapping[str, str]) -> dict[str, str]:
    return {name: f"state.{name}" for name in built}


def _keywords(built: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={made}" for name, made in built.items())


def in_a_dict(built: Mapping[str, str]) -> Held:
    entries = ", ".join(f'"{name}": {made}' for name, made in built.items())
    return Held(lines(f"optimizers = {{{entries}}}"), _by_key(built))


def in_a_dict_by_key(built: Mapping[str, str]) -> Held:
    places = _by_key(built)
    filled = (f"{places[name]} = {made}" for name, made in built.items())
    return Held(lines("optimizers = {}", *filled), places)


def in_an_inner_dict(built: Mapping[str, str]) -> Held:
    entries = ", ".join(f'"{name}": {made}' for name, made in built.items())
    building = lines(f'state = {{"training": {{{entries}}}}}')
    return Held(building, {name: f'state["training"]["{name}"]' for name in built})


def in_a_list(built: Mapping[str, str]) -> Held:
    return Held(lines(f"optimizers = [{', '.join(built.values())}]"), _by_index(built))


def in_a_list_by_append(built: Mapping[str, str]) -> Held:
    filled = (f"optimizers.append({made})" for made in built.values())
    return Held(lines("optimizers = []", *filled), _by_index(built))


def in_a_tuple(built: Mapping[str, str]) -> Held:
    return Held(lines(f"optimizers = ({', '.join(built.values())},)"), _by_index(built))


def in_a_namespace(built: Mapping[str, str]) -> Held:
    return Held(lines(f"state = SimpleNamespace({_keywords(built)})"), _by_attribute(built))


def in_an_object(built: Mapping[str, str]) -> Held:
    places = _by_attribute(built)
    filled = (f"{places[name]} = {made}" for name, made in built.items())
    return Held(lines("state = State()", *filled), places, (class_("State", ()),))


def in_a_dataclass(built: Mapping[str, str]) -> Held:
    own = class_("State", lines(*(f"{name}: {annotated(name)}" for name in built)))
    definition = Block(f"@dataclass\n{own.head}", own.body, Kind.CLASS)
    return Held(lines(f"state = State({_keywords(built)})"), _by_attribute(built), (definition,))


def in_a_named_tuple(built: Mapping[str, str]) -> Held:
    own = class_("State(NamedTuple)", lines(*(f"{name}: {annotated(name)}" for name in built)))
    return Held(lines(f"state = State({_keywords(built)})"), _by_attribute(built), (own,))


def under_another_name(built: Mapping[str, str]) -> Held:
    building = (*_as_before(built), *lines(*(f"same_{name} = {name}" for name in built)))
    return Held(building, {name: f"same_{name}" for name in built})


def in_a_dict_of_names(built: Mapping[str, str]) -> Held:
    entries = ", ".join(f'"{name}": {name}' for name in built)
    return Held((*_as_before(built), *lines(f"optimizers = {{{entries}}}")), _by_key(built))


def _as_before(built: Mapping[str, str]) -> Suite:
    return tuple(Line(f"{name} = {made}", Part.BUILD) for name, made in built.items())


def made_by_a_function(built: Mapping[str, str]) -> Held:
    makers, calls = [], []
    for name, made in built.items():
        needed = ", ".join(names_of(lines(made)).needed)
        makers.append(function(f"make_{name}", needed, lines(f"return {made}")))
        calls.append(Line(f"{name} = make_{name}({needed})"))
    return Held(tuple(calls), {}, tuple(makers))


def made_with_a_schedule(built: Mapping[str, str]) -> Held:
    """A function that returns the optimizer and something that belongs to it."""
    makers, calls = [], []
    for name, made in built.items():
        needed = ", ".join(names_of(lines(made)).needed)
        schedule = f"torch.optim.lr_scheduler.StepLR({name}, 10)"
        body = lines(f"{name} = {made}", f"return {name}, {schedule}")
        makers.append(function(f"make_{name}", needed, body))
        calls.append(Line(f"{name}, {name}_schedule = make_{name}({needed})"))
    return Held(tuple(calls), {}, tuple(makers))


HOLDERS: dict[str, Holder] = {
    "in a dict": in_a_dict,
    "in a dict, by key": in_a_dict_by_key,
    "in a dict in a dict": in_an_inner_dict,
    "in a dict of names": in_a_dict_of_names,
    "in a list": in_a_list,
    "in a list, by append": in_a_list_by_append,
    "in a tuple": in_a_tuple,
    "in a namespace": in_a_namespace,
    "in an object": in_an_object,
    "in a dataclass": in_a_dataclass,
    "in a named tuple": in_a_named_tuple,
    "under another name": under_another_name,
    "made by a function": made_by_a_function,
    "made by a function, with a schedule": made_with_a_schedule,
}


def walked(program: Program, holder: Holder, all_of: str) -> Program:
    """The only optimizer in a container that each update goes through. Raises Inapplicable."""
    body = program.script.body
    if len(built_by(body)) > 1:
        raise Inapplicable
    return held(program.with_body(_with_walks(body, all_of, *built_by(body))), holder)


def _with_walks(nodes: Suite, all_of: str, name: str) -> Suite:
    changed: list[Node] = []
    for node in nodes:
        if isinstance(node, Block):
            changed.append(replace(node, body=_with_walks(node.body, all_of, name)))
        elif node.part in (Part.CLEAR, Part.STEP) and name in names_of((node,)).needed:
            one = with_names((node,), {name: "one"})
            changed.append(Block(f"for one in {all_of}:", one))
        else:
            changed.append(node)
    return tuple(changed)
