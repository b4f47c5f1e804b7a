"""Forms of functions: how what they need gets into them."""

import ast
import re
from collections.abc import Callable, Sequence

from metamorphic.extraction import Form, Moved, Piece
from metamorphic.names import names_of
from metamorphic.program import Block, Inapplicable, Kind, Line, Suite, function, lines


def each(form: Callable[[Piece], Moved]) -> Form:
    """A form for every piece on its own; those it does not fit become plain functions."""

    def all_of(pieces: Sequence[Piece]) -> Moved:
        fitting = [_tried(form, piece) for piece in pieces]
        if not any(fitting):
            raise Inapplicable
        moved = [one or positional(p) for one, p in zip(fitting, pieces, strict=True)]
        return Moved(
            tuple(call for one in moved for call in one.calls),
            tuple(node for one in moved for node in one.definitions),
            tuple(node for one in moved for node in one.bindings),
        )

    return all_of


def _tried(form: Callable[[Piece], Moved], piece: Piece) -> Moved | None:
    try:
        return form(piece)
    except Inapplicable:
        return None


def listed(names: Sequence[str], pattern: str = "{}") -> str:
    return ", ".join(pattern.format(name) for name in names)


def _written(piece: Piece) -> Block:
    """The piece as a function with one parameter for each thing it needs."""
    return function(piece.name, listed(piece.needed), piece.returning)


def positional(piece: Piece) -> Moved:
    call = piece.call(f"{piece.name}({listed(piece.needed)})")
    return Moved((call,), (_written(piece),))


def keyword(piece: Piece) -> Moved:
    if not piece.needed:
        raise Inapplicable
    parameters = f"*, {listed(piece.needed)}"
    arguments = listed(piece.needed[::-1], "{0}={0}")
    call = piece.call(f"{piece.name}({arguments})")
    return Moved((call,), (function(piece.name, parameters, piece.returning),))


def default(piece: Piece) -> Moved:
    if not piece.early:
        raise Inapplicable
    parameters = listed([*piece.late, *(f"{name}={name}" for name in piece.early)])
    call = piece.call(f"{piece.name}({listed(piece.late)})")
    return Moved((call,), bindings=(function(piece.name, parameters, piece.returning),))


def star_arguments(piece: Piece) -> Moved:
    if not piece.needed:
        raise Inapplicable
    unpacked = Line(f"({listed(piece.needed)},) = arguments")
    call = piece.call(f"{piece.name}({listed(piece.needed)})")
    return Moved((call,), (function(piece.name, "*arguments", (unpacked, *piece.returning)),))


def star_call(piece: Piece) -> Moved:
    call = piece.call(f"{piece.name}(*[{listed(piece.needed)}])")
    return Moved((call,), (_written(piece),))


def keyword_dict(piece: Piece) -> Moved:
    taken = lines(*(f'{name} = arguments["{name}"]' for name in piece.needed))
    call = piece.call(f"{piece.name}({listed(piece.needed, '{0}={0}')})")
    return Moved((call,), (function(piece.name, "**arguments", (*taken, *piece.returning)),))


def forwarded(piece: Piece) -> Moved:
    through = f"{piece.name}_forwarded"
    body = lines(f"return {piece.name}(*args, **kwargs)")
    call = piece.call(f"{through}({listed(piece.needed)})")
    return Moved((call,), (_written(piece), function(through, "*args, **kwargs", body)))


def two_deep(piece: Piece) -> Moved:
    outer = f"{piece.name}_now"
    body = lines(f"return {piece.name}({listed(piece.needed)})")
    call = piece.call(f"{outer}({listed(piece.needed)})")
    return Moved((call,), (_written(piece), function(outer, listed(piece.needed), body)))


def captured(piece: Piece) -> Moved:
    """A nested function, or one that reads globals: it takes nothing that it can see."""
    own = names_of(piece.body).assigned
    changed = [one for one in piece.late if one in own]
    call = piece.call(f"{piece.name}({listed(changed)})")
    return Moved((call,), bindings=(function(piece.name, listed(changed), piece.returning),))


def nested(piece: Piece) -> Moved:
    """A nested function that takes what the loop makes and sees the rest."""
    call = piece.call(f"{piece.name}({listed(piece.late)})")
    return Moved((call,), bindings=(function(piece.name, listed(piece.late), piece.returning),))


def factory(piece: Piece) -> Moved:
    if not piece.early:
        raise Inapplicable
    inner = function(piece.name, listed(piece.late), piece.returning)
    body = (inner, *lines(f"return {piece.name}"))
    make = f"make_{piece.name}"
    return Moved(
        (piece.call(f"{piece.name}({listed(piece.late)})"),),
        (function(make, listed(piece.early), body),),
        lines(f"{piece.name} = {make}({listed(piece.early)})"),
    )


def _expression(piece: Piece) -> Line:
    """The only statement of a piece, which must be an expression."""
    (only, *more) = piece.body
    if more or not isinstance(only, Line) or not isinstance(ast.parse(only.text).body[0], ast.Expr):
        raise Inapplicable
    return only


def lambda_(piece: Piece) -> Moved:
    only = _expression(piece)
    head = f"lambda {listed(piece.late)}".rstrip()
    bound = Line(f"{piece.name} = {head}: {only.text}", only.part, only.mark)
    return Moved((piece.call(f"{piece.name}({listed(piece.late)})"),), bindings=(bound,))


def _bound_method(piece: Piece) -> tuple[Line, str, str]:
    """The only statement of a piece: a method of something that is there before the loop."""
    only = _expression(piece)
    call = re.fullmatch(r"(?P<method>[\w.\[\]\"]+)\((?P<arguments>[^()]*)\)", only.text)
    if call is None or re.split(r"\W", call["method"])[0] not in piece.early:
        raise Inapplicable
    return only, call["method"], call["arguments"]


def bound_method(piece: Piece) -> Moved:
    only, method, arguments = _bound_method(piece)
    call = Line(f"{piece.name}({arguments})", only.part, only.mark)
    return Moved((call,), bindings=lines(f"{piece.name} = {method}"))


def partial_method(piece: Piece) -> Moved:
    only, method, arguments = _bound_method(piece)
    bound = f"{piece.name} = functools.partial({listed([method, *filter(None, [arguments])])})"
    return Moved((Line(f"{piece.name}()", only.part, only.mark),), bindings=lines(bound))


def partial(piece: Piece) -> Moved:
    if not piece.early:
        raise Inapplicable
    whole = f"{piece.name}_with"
    return Moved(
        (piece.call(f"{piece.name}({listed(piece.late)})"),),
        (function(whole, listed(piece.needed), piece.returning),),
        lines(f"{piece.name} = functools.partial({whole}, {listed(piece.early)})"),
    )


def partial_keyword(piece: Piece) -> Moved:
    if not piece.early:
        raise Inapplicable
    whole, given = f"{piece.name}_with", listed(piece.early, "{0}={0}")
    return Moved(
        (piece.call(f"{piece.name}({listed(piece.late)})"),),
        (function(whole, listed([*piece.late, *piece.early]), piece.returning),),
        lines(f"{piece.name} = functools.partial({whole}, {given})"),
    )


def decorated(decorator: str, *definitions: Block) -> Form:
    """A function of the module under a decorator that keeps what it does."""

    def form(pieces: Sequence[Piece]) -> Moved:
        moved = each(positional)(pieces)
        under = tuple(
            Block(f"@{decorator}\n{node.head}", node.body, Kind.FUNCTION)
            for node in moved.definitions
            if isinstance(node, Block)
        )
        return Moved(moved.calls, (*definitions, *under))

    return form


def _kept(*before: str) -> Suite:
    """The body of a decorator that calls the function."""
    inner = function("kept", "*args, **kwargs", lines("return function(*args, **kwargs)"))
    head = "\n".join([*before, inner.head])
    return (Block(head, inner.body, Kind.FUNCTION), *lines("return kept"))


KEEPS = function("keeps", "function", _kept())
WRAPS = function("wraps", "function", _kept("@functools.wraps(function)"))
REGISTERS = function("registers", "function", lines("return function"))
NAMED = function(
    "named", "name", (function("decorate", "function", _kept()), *lines("return decorate"))
)

FORMS: dict[str, Form] = {
    "a function, by position": each(positional),
    "a function, by keyword": each(keyword),
    "a function, by default": each(default),
    "a function, by *args": each(star_arguments),
    "a function, called with *": each(star_call),
    "a function, by **kwargs": each(keyword_dict),
    "a function, forwarded": each(forwarded),
    "a function of a function": each(two_deep),
    "a closure that sees all": each(captured),
    "a nested function": each(nested),
    "a factory of closures": each(factory),
    "a lambda": each(lambda_),
    "a bound method": each(bound_method),
    "a partial": each(partial),
    "a partial, by keyword": each(partial_keyword),
    "a partial of a method": each(partial_method),
    "a function under a torch decorator": decorated("torch.enable_grad()"),
    "a function under a decorator": decorated("keeps", KEEPS),
    "a function under a decorator with wraps": decorated("wraps", WRAPS),
    "a function under a decorator that registers": decorated("registers", REGISTERS),
    "a function under a decorator with arguments": decorated('named("update")', NAMED),
}
