"""Forms of classes: how an object gets what its methods need."""

from collections.abc import Sequence

from metamorphic.extraction import Form, Moved, Piece
from metamorphic.functions import each, listed
from metamorphic.program import (
    Block,
    Inapplicable,
    Kind,
    Line,
    Suite,
    function,
    lines,
    with_names,
)

NAME, OBJECT = "Trainer", "trainer"


def class_(head: str, body: Suite) -> Block:
    return Block(f"class {head}:", body or lines("pass"), Kind.CLASS)


def attributes(pieces: Sequence[Piece]) -> tuple[str, ...]:
    """What an object must hold for the methods of the pieces. Raises Inapplicable."""
    names = tuple(dict.fromkeys(name for piece in pieces for name in piece.early))
    if "self" in names:
        raise Inapplicable
    return names


def method(name: str, parameters: Sequence[str], body: Suite) -> Block:
    return function(name, listed(["self", *parameters]), body or lines("pass"))


def methods(pieces: Sequence[Piece], held: Sequence[str], pattern: str = "self.{}") -> Suite:
    """The pieces as methods that find what is held in the object."""
    names = {name: pattern.format(name) for name in held}
    return tuple(method(p.name, p.late, with_names(p.returning, names)) for p in pieces)


def initial(held: Sequence[str], pattern: str = "self.{0} = {0}") -> Block:
    return method("__init__", held, lines(*(pattern.format(name) for name in held)))


def calls(pieces: Sequence[Piece], of: str = OBJECT) -> tuple[Line, ...]:
    return tuple(p.call(f"{of}.{p.name}({listed(p.late)})") for p in pieces)


def _built(held: Sequence[str], name: str = NAME) -> Suite:
    return lines(f"{OBJECT} = {name}({listed(held)})")


def handed_in(pieces: Sequence[Piece]) -> Moved:
    held = attributes(pieces)
    own = class_(NAME, (initial(held), *methods(pieces, held)))
    return Moved(calls(pieces), (own,), _built(held))


def by_keyword(pieces: Sequence[Piece]) -> Moved:
    moved = handed_in(pieces)
    given = listed(attributes(pieces), "{0}={0}")
    return Moved(moved.calls, moved.definitions, lines(f"{OBJECT} = {NAME}({given})"))


def set_in_a_method(pieces: Sequence[Piece]) -> Moved:
    held = attributes(pieces)
    nothing = method("__init__", (), lines(*(f"self.{name} = None" for name in held)))
    setter = method("configure", held, lines(*(f"self.{name} = {name}" for name in held)))
    own = class_(NAME, (nothing, setter, *methods(pieces, held)))
    bindings = lines(f"{OBJECT} = {NAME}()", f"{OBJECT}.configure({listed(held)})")
    return Moved(calls(pieces), (own,), bindings)


def set_from_outside(pieces: Sequence[Piece]) -> Moved:
    held = attributes(pieces)
    own = class_(NAME, methods(pieces, held))
    given = lines(*(f"{OBJECT}.{name} = {name}" for name in held))
    return Moved(calls(pieces), (own,), (*lines(f"{OBJECT} = {NAME}()"), *given))


def inherited_state(pieces: Sequence[Piece]) -> Moved:
    held = attributes(pieces)
    base, own = class_("Base", (initial(held),)), class_(f"{NAME}(Base)", methods(pieces, held))
    return Moved(calls(pieces), (base, own), _built(held))


def inherited_method(pieces: Sequence[Piece]) -> Moved:
    held = attributes(pieces)
    base = class_("Base", (initial(held), *methods(pieces, held)))
    return Moved(calls(pieces), (base, class_(f"{NAME}(Base)", ())), _built(held))


def overridden(pieces: Sequence[Piece]) -> Moved:
    """The base class calls methods that only the class of the object fills in."""
    held = attributes(pieces)
    inner = [Piece(f"_{p.name}", p.body, p.early, p.late, p.results) for p in pieces]
    empty = [method(p.name, p.late, lines("raise NotImplementedError")) for p in inner]
    outer = [method(p.name, p.late, lines(f"return self._{c}")) for p, c in _own_calls(pieces)]
    base = class_("Base", (initial(held), *outer, *empty))
    own = class_(f"{NAME}(Base)", methods(inner, held))
    return Moved(calls(pieces), (base, own), _built(held))


def _own_calls(pieces: Sequence[Piece]) -> list[tuple[Piece, str]]:
    return [(p, f"{p.name}({listed(p.late)})") for p in pieces]


def through_super(pieces: Sequence[Piece]) -> Moved:
    held = attributes(pieces)
    base = class_("Base", (initial(held), *methods(pieces, held)))
    start = method("__init__", held, lines(f"super().__init__({listed(held)})"))
    outer = [method(p.name, p.late, lines(f"return super().{c}")) for p, c in _own_calls(pieces)]
    return Moved(calls(pieces), (base, class_(f"{NAME}(Base)", (start, *outer))), _built(held))


def mixed_in(pieces: Sequence[Piece]) -> Moved:
    held = attributes(pieces)
    mixin = class_("Updates", methods(pieces, held))
    own = class_(f"{NAME}(Updates)", (initial(held),))
    return Moved(calls(pieces), (mixin, own), _built(held))


def data_class(pieces: Sequence[Piece]) -> Moved:
    held = attributes(pieces)
    fields = lines(*(f"{name}: {annotated(name)}" for name in held))
    own = class_(NAME, (*fields, *methods(pieces, held)))
    under = Block(f"@dataclass\n{own.head}", own.body, Kind.CLASS)
    return Moved(calls(pieces), (under,), _built(held))


def annotated(name: str) -> str:
    return "torch.optim.Optimizer" if name.endswith("optimizer") else "Any"


def behind_properties(pieces: Sequence[Piece]) -> Moved:
    held = attributes(pieces)
    shown = tuple(
        Block(f"@property\ndef {name}(self):", lines(f"return self._{name}"), Kind.FUNCTION)
        for name in held
    )
    start = initial(held, "self._{0} = {0}")
    own = class_(NAME, (start, *shown, *methods(pieces, held)))
    return Moved(calls(pieces), (own,), _built(held))


def taken_from_self(pieces: Sequence[Piece]) -> Moved:
    """Methods that give what the object holds plain names before they use it."""
    held = attributes(pieces)
    own = tuple(
        method(p.name, p.late, (*lines(*(f"{n} = self.{n}" for n in p.early)), *p.returning))
        for p in pieces
    )
    return Moved(calls(pieces), (class_(NAME, (initial(held), *own)),), _built(held))


def own_step(pieces: Sequence[Piece]) -> Moved:
    """A method that calls another method of the same object."""
    moved = handed_in(pieces)
    (own,) = moved.definitions
    assert isinstance(own, Block)
    outer = [
        method(f"{p.name}_now", p.late, lines(f"return self.{c}")) for p, c in _own_calls(pieces)
    ]
    called = tuple(p.call(f"{OBJECT}.{p.name}_now({listed(p.late)})") for p in pieces)
    definition = Block(own.head, (*own.body, *outer), Kind.CLASS)
    return Moved(called, (definition,), moved.bindings)


def static(pieces: Sequence[Piece]) -> Moved:
    own = tuple(
        Block(f"@staticmethod\ndef {p.name}({listed(p.needed)}):", p.returning, Kind.FUNCTION)
        for p in pieces
    )
    called = tuple(p.call(f"{NAME}.{p.name}({listed(p.needed)})") for p in pieces)
    return Moved(called, (class_(NAME, own),))


def called(piece: Piece) -> Moved:
    """An object that is called."""
    held = attributes([piece])
    if not held:
        raise Inapplicable
    (run,) = methods([piece], held)
    assert isinstance(run, Block)
    name = piece.name.title().replace("_", "")
    body = Block(run.head.replace(piece.name, "__call__", 1), run.body, Kind.FUNCTION)
    return Moved(
        (piece.call(f"{piece.name}({listed(piece.late)})"),),
        (class_(name, (initial(held), body)),),
        lines(f"{piece.name} = {name}({listed(held)})"),
    )


FORMS: dict[str, Form] = {
    "a method, state handed in": handed_in,
    "a method, state handed in by keyword": by_keyword,
    "a method, state set by another method": set_in_a_method,
    "a method, state set from outside": set_from_outside,
    "a method, state of the base class": inherited_state,
    "a method of the base class": inherited_method,
    "a method that the base class calls": overridden,
    "a method, by super()": through_super,
    "a method of a mixin": mixed_in,
    "a method of a dataclass": data_class,
    "a method that reads properties": behind_properties,
    "a method with local names": taken_from_self,
    "a method called by a method": own_step,
    "a static method": static,
    "an object that is called": each(called),
}
