"""What places hold at one point of a function, and what statements make of that."""

from collections.abc import Iterable
from dataclasses import replace

from lintgrad.flow.names.place_parts import is_part
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Binary, Call, Const, Expr, Item, Sequence
from lintgrad.typestates.values import builtins, links
from lintgrad.typestates.values.arguments import Given, truth
from lintgrad.typestates.values.evaluate import Surroundings, element_of, elements_of, values_of
from lintgrad.typestates.values.indexing import indexed
from lintgrad.typestates.values.possible import ANYTHING, Values, joined, lifted
from lintgrad.typestates.values.updating import in_place, updated
from lintgrad.typestates.values.value import Kind, Link, Value, constant

Env = dict[str, Values]


def join(known: Env | None, env: Env, *, settle: bool = False) -> Env:
    """The places of either environment; what only one of them binds may be unbound: as bound.

    What still changes while it should settle is not known.
    """
    if known is None:
        return env
    found = dict(known)
    for place, values in env.items():
        there = known.get(place, values)
        if values <= there:
            found[place] = there
        else:
            found[place] = ANYTHING if settle else joined([there, values])
    return found


def store(env: Env, places: Iterable[str], values: Values) -> None:
    """Give places a new value; nothing is known any more of their parts and what holds them."""
    values = frozenset(links.named(value) for value in values)
    for place in places:
        for above in [p for p in env if is_part(place, p)]:
            env[above] = ANYTHING  # `criterion.reduction = "mean"` changes the criterion
        for below in [p for p in env if is_part(p, place)]:
            del env[below]
        env[place] = values


def assign(target: Expr, value: Expr, around: Surroundings, env: Env) -> None:
    """Assign the value of an expression to a target, element by element where it shows."""
    if isinstance(target, Attr) and target.name == "requires_grad":
        _require(target, value, around, env)
        return
    if isinstance(target, Item):
        _put(target, values_of(value, around), around, env)
        return
    if isinstance(target, Sequence):
        unpack(target, values_of(value, around), env)
        return
    place = place_of(target)
    if place is not None:
        is_update = isinstance(value, Binary) and value.left is target  # `total += loss`
        if isinstance(value, Binary) and is_update:
            after = updated(value, around)
            _doubt_others(env, place, env.get(place, ANYTHING), after)
        else:
            after = values_of(value, around)
        store(env, (place,), after)


def _doubt_others(env: Env, place: str, before: Values, after: Values = ANYTHING) -> None:
    """Where a tensor is changed in place, other names of it may hang on another graph.

    Where a list is, they may hold more. An empty one is taken to have one name.
    """
    tensors = [v for v in before if not v.is_collection and (v.is_tensor or v.link is not Link.ANY)]
    lists = [v for v in before if v.is_collection and v.items and v not in after]
    for other, values in env.items():
        if other == place:
            continue
        if any(_holds(v, one) for v in values for one in lists):
            env[other] = ANYTHING
        elif any(_holds(v, tensor) for v in values for tensor in tensors):
            env[other] = frozenset(map(links.doubted, values))


def _holds(value: Value, one: Value) -> bool:
    return value == one or any(_holds(item, one) for item in value.items)


def unpack(target: Expr, values: Values, env: Env) -> None:
    """Give the parts of a target the items of a value."""
    if isinstance(target, Sequence):
        for index, part in enumerate(target.items):
            unpack(part, lifted(lambda v, k=index: _part(v, k), [values]), env)
        return
    place = place_of(target)
    if place is not None:
        store(env, (place,), values)


def _part(value: Value, index: int) -> Value:
    if value.kind is Kind.MANY:
        return value.items[0]
    if value.kind is Kind.TENSOR and value.sizes:
        return element_of(value)
    picked = indexed(value, (constant(index),))
    return picked if value.is_collection else replace(picked, kind=Kind.UNKNOWN)


def _put(target: Item, values: Values, around: Surroundings, env: Env) -> None:
    """`losses["a"] = x` and `losses[i] = x`: a tensor keeps its shape, a collection grows."""
    place, owner = place_of(target), place_of(target.value)
    if owner is None:
        return
    before = env.get(owner, ANYTHING)
    key = target.index.value if isinstance(target.index, Const) else None

    def put(value: Value, new: Value) -> Value:
        if value.is_tensor:
            return in_place(value, (value, new), around.at(target.span))
        if isinstance(key, str) and value.kind is Kind.ITEMS:
            return _with_item(value, key, new)
        return builtins.appended(value, new) if value.is_collection else Value(Kind.UNKNOWN)

    after = lifted(put, [before, values])
    store(env, (owner,), after)
    if place is not None and isinstance(target.index, Const) and not _are_tensors(before):
        env[place] = values


def _are_tensors(values: Values) -> bool:
    return any(value.is_tensor for value in values)


def _with_item(value: Value, key: str, new: Value) -> Value:
    if value.items and not value.names:
        return Value(Kind.UNKNOWN)
    pairs = dict(zip(value.names, value.items, strict=True)) | {key: new}
    return Value(Kind.ITEMS, items=tuple(pairs.values()), names=tuple(pairs))


def _require(target: Attr, value: Expr, around: Surroundings, env: Env) -> None:
    """`x.requires_grad = True`."""
    place = place_of(target.value)
    if place is None:
        return

    def require(old: Value, flag: Value) -> Value:
        if not old.is_tensor and old.link is Link.ANY:
            return old  # a module, for instance
        return links.required(old, flag, (old.link, old.cut))

    before = values_of(target.value, around)
    _doubt_others(env, place, before)
    required = lifted(require, [before, values_of(value, around)])
    env[place] = frozenset(map(links.named, required))


def change(place: str, call: Call, around: Surroundings, env: Env) -> None:
    """A method that changes what a place holds, called as a statement."""
    name = call.func.name if isinstance(call.func, Attr) else ""
    before = values_of(call.func.value, around) if isinstance(call.func, Attr) else ANYTHING
    if name == "append" and len(call.args) == 1:
        after = lifted(builtins.appended, [before, values_of(call.args[0], around)])
        _doubt_others(env, place, before, after)
        store(env, (place,), after)
    elif name == "requires_grad_":
        _doubt_others(env, place, before)
        flag = call.argument(0, "requires_grad")
        flags = _YES if flag is None else values_of(flag, around)
        required = lifted(
            lambda v, f: links.required(v, f, (v.link, v.cut)) if truth(f, default=True) else v,
            [before, flags],
        )
        env[place] = frozenset(map(links.named, required))
    elif name.endswith("_"):
        _in_place(place, name, call, around, env)
    else:
        store(env, (place,), frozenset(_emptied(value) for value in before))


def _emptied(_: Value) -> Value:
    return Value(Kind.UNKNOWN)


_YES: Values = frozenset({constant(True)})  # noqa: FBT003  # a literal
_OTHER_SHAPES = ("squeeze_", "unsqueeze_", "t_", "transpose_", "resize_", "set_", "resize_as_")


def _in_place(place: str, name: str, call: Call, around: Surroundings, env: Env) -> None:
    """`x.add_(y)`: the shape stays, and the graph is that of all that goes in."""
    at = around.at(call.span)
    before = env.get(place, ANYTHING)
    args = [values_of(arg, around) for arg in call.args]
    if name in _OTHER_SHAPES or not _are_tensors(before):
        env[place] = values_of(call, around) if name in ("squeeze_", "unsqueeze_") else ANYTHING
        return

    _doubt_others(env, place, before)

    def update(value: Value, *others: Value) -> Value:
        if name == "detach_":
            return links.called("detach", value, Given((value,)), at)
        return value if name in _FROM_NUMBERS else in_place(value, (value, *others), at)

    env[place] = lifted(update, [before, *args])


_FROM_NUMBERS = ("zero_", "fill_", "normal_", "uniform_", "bernoulli_", "random_", "copy_")


def iterated(target: Expr, values: Values, env: Env) -> None:
    """Give a loop's target what the loop goes through."""
    unpack(target, elements_of(values), env)
