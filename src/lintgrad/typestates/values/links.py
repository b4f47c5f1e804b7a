"""How values hang on graphs: what keeps a graph, what cuts it off, what never has one.

Checked against torch 2.13 by `tests/test_values.py`, row by row.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lintgrad.flow.names.recording import Recording
from lintgrad.source.text import Span
from lintgrad.typestates.values.arguments import Given, truth
from lintgrad.typestates.values.making import COPIES, FROM_NOTHING
from lintgrad.typestates.values.value import Kind, Link, Value

Hang = tuple[Link, Span | None]
"""A link, and where the graph was left if it was."""

NO_LINK: Hang = (Link.NONE, None)

_CUTTING = frozenset({"detach", "numpy", "item", "tolist", "__float__"})

_NOT_DIFFERENTIABLE = frozenset(
    """
    all any argmax argmin argsort bernoulli bool byte count_nonzero eq equal floor_divide ge
    greater gt int isfinite isinf isnan le less logical_and logical_not logical_or logical_xor long
    lt multinomial ne nonzero not_equal one_hot sgn_
    """.split()
)
"""Functions whose result has no graph, whatever goes in."""

_SHARING = frozenset({"as_tensor", "asarray", "Tensor", "FloatTensor", "DoubleTensor"})
"""Functions that keep the graph of a tensor, but not those of tensors in a list."""

_WITH_INDICES = frozenset({"max", "min", "median", "nanmedian", "mode", "kthvalue", "sort", "topk"})
"""Functions that return a pair of values and indices."""

_LOST = (Link.CUT, Link.UNRECORDED, Link.PERHAPS_UNRECORDED)
_ORDER = (
    # The first of these that one operand has is what the result of an operation has.
    Link.KEPT,
    Link.NAMED_LEAF,
    Link.ANY,
    Link.MAYBE,
    Link.NEW_LEAF,
    Link.PERHAPS_UNRECORDED,
    Link.CUT,
    Link.UNRECORDED,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation stands: its span, and whether gradients are recorded there."""

    span: Span
    recording: Recording


def hang_of(values: Iterable[Value], recording: Recording) -> Hang:
    """How the result of an operation on some values hangs on a graph."""
    links = {link: cut for value in values for link, cut in _leaves(value)}
    links.pop(Link.NONE, None)
    if not links:
        return NO_LINK
    if recording.enabled is False:
        return Link.UNRECORDED, recording.span
    found = next(link for link in _ORDER if link in links)
    return (Link.KEPT, None) if found is Link.NAMED_LEAF else (found, links[found])


def _leaves(value: Value) -> Iterator[Hang]:
    if value.is_collection:
        for item in value.items:
            yield from _leaves(item)
    elif value.kind not in (Kind.CONSTANT, Kind.LOSS, Kind.LAYER):
        yield value.link, value.cut


def linked(result: Value, operands: Iterable[Value], recording: Recording) -> Value:
    """The result of an operation, hanging on the graph of what it is made of."""
    return result.linked(*hang_of(operands, recording))


def called(name: str, result: Value, given: Given, at: Place) -> Value:
    """The result of a function or method of torch, hanging on its graph."""
    if name == "requires_grad_":
        return required(result, given.get(1, "requires_grad"), hang_of(given.args[:1], RECORDED))
    if name in FROM_NOTHING:
        return required(result, given.named.get("requires_grad"), NO_LINK, default=False)
    if name in _SHARING:
        is_list = bool(given.args) and given.args[0].is_collection
        hang = hang_of(given.args[:1], at.recording)
        return result.linked(*(_cut(hang, at) if is_list else hang))
    if name in COPIES:
        return copied(result, given, at)
    hang = hang_of(given.all, at.recording)
    if name in _CUTTING or name in _NOT_DIFFERENTIABLE:
        return result.linked(*_cut(hang, at))
    if result.kind is Kind.NUMBER:
        return result.linked(Link.NONE)
    if hang[0] is Link.ANY:
        hang = Link.MAYBE, None
    if name in _WITH_INDICES and result.kind is Kind.ITEMS and len(result.items) == 2:
        values, indices = result.items
        pair = values.linked(*hang), indices.linked(*_cut(hang, at))
        return Value(Kind.ITEMS, items=pair)
    return result.linked(*hang)


def compared(result: Value, operands: Iterable[Value], at: Place) -> Value:
    """The result of a comparison of tensors: it has no graph, whatever goes in."""
    return result.linked(*_cut(hang_of(operands, at.recording), at))


RECORDED = Recording()
"""Where gradients are recorded."""


def copied(result: Value, given: Given, at: Place) -> Value:
    """A new tensor made of the numbers in others: `torch.tensor(loss)`, `Variable(loss)`."""
    source = hang_of(given.args[:1], RECORDED)
    if any(value.is_collection and not value.items for value in given.args[:1]):
        source = Link.CUT, at.span  # there is nothing in it that could be trained
    return required(
        result,
        given.named.get("requires_grad"),
        source if source[0] in (Link.ANY, Link.NONE) else _cut(source, at),
        default=False,
        otherwise=_cut(source, at),
    )


def required(
    result: Value,
    flag: Value | None,
    hang: Hang,
    *,
    default: bool = True,
    otherwise: Hang | None = None,
) -> Value:
    """A value that is made to require grad if a flag says so."""
    wanted = truth(flag, default=default)
    if wanted is None:
        return result.linked(Link.MAYBE)
    if not wanted:
        return result.linked(*(otherwise or NO_LINK))
    if hang[0] in (*_LOST, Link.NEW_LEAF):
        return result.linked(Link.NEW_LEAF, hang[1])
    return result.linked(Link.KEPT)


def doubted(value: Value) -> Value:
    """What may have been made to require grad in the meantime: a value, or those in it."""
    if value.is_collection:
        return replace(value, items=tuple(map(doubted, value.items)))
    return value.linked(Link.MAYBE)


def data_of(value: Value, at: Place) -> Value:
    """`value.data`: cut off for a tensor, anything for anything else."""
    if not value.is_tensor and value.link is Link.ANY:
        return value.linked(Link.ANY)
    return value.linked(*_cut((value.link, value.cut), at))


def unseen(at: Place) -> Hang:
    """What a function that cannot be seen returns."""
    if at.recording.enabled is False:
        return Link.PERHAPS_UNRECORDED, at.recording.span
    return Link.ANY, None


def named(value: Value) -> Value:
    """A value that is given a name: a leaf among them may be what is differentiated by."""
    return value.linked(Link.NAMED_LEAF, value.cut) if value.link is Link.NEW_LEAF else value


def _cut(hang: Hang, at: Place) -> Hang:
    """What is left of a graph after a cut; what is cut already keeps the first reason."""
    if hang[0] is Link.NONE or hang[0] in _LOST:
        return hang
    return Link.CUT, at.span
