"""Products of tensors that are not taken element by element (torch 2.13)."""

from lintgrad.typestates.values.arguments import Given, Operation
from lintgrad.typestates.values.shapes import matrix_product
from lintgrad.typestates.values.value import SCALAR, UNKNOWN, Kind, Value, at_least, tensor


def _matmul(given: Given) -> Value:
    return matrix_product(*given.args[:2]) if len(given.args) >= 2 else UNKNOWN


def _outer(given: Given) -> Value:
    one, other = (*given.args[:2], UNKNOWN, UNKNOWN)[:2]
    sizes = [v.sizes[0] if v.kind is Kind.TENSOR and v.sizes else None for v in (one, other)]
    return tensor(*sizes)


def _inner(given: Given) -> Value:
    one, other = (*given.args[:2], UNKNOWN, UNKNOWN)[:2]
    if one.kind is not Kind.TENSOR or other.kind is not Kind.TENSOR:
        return UNKNOWN
    if not one.sizes or not other.sizes:
        return tensor(*one.sizes, *other.sizes)
    return tensor(*one.sizes[:-1], *other.sizes[:-1])


def _einsum(given: Given) -> Value:
    """What stands right of the arrow; without one, what occurs once, in alphabetical order."""
    text = given.args[0].text if given.args else None
    if text is None:
        return UNKNOWN
    inputs, arrow, output = text.replace(" ", "").partition("->")
    if "." in text:
        return at_least(*[None] * (len(output) - 3)) if "..." in output else UNKNOWN
    letters = inputs.replace(",", "")
    if not arrow:
        output = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    operands = given.args[1:]
    if len(operands) == 1 and operands[0].kind is Kind.ITEMS:
        operands = operands[0].items
    known: dict[str, int] = {}
    for names, operand in zip(inputs.split(","), operands, strict=False):
        if operand.kind is Kind.TENSOR and len(operand.sizes) == len(names):
            pairs = zip(names, operand.sizes, strict=True)
            known |= {c: size for c, size in pairs if size is not None and known.get(c, 1) == 1}
    return tensor(*(known.get(c) for c in output)) if output else SCALAR


def _tensordot(given: Given) -> Value:
    one, other = (*given.args[:2], UNKNOWN, UNKNOWN)[:2]
    dims = given.get(2, "dims")
    if one.kind is not Kind.TENSOR or other.kind is not Kind.TENSOR:
        return UNKNOWN
    if dims is None or dims.whole is not None:
        count = 2 if dims is None or dims.whole is None else dims.whole
        if count > min(len(one.sizes), len(other.sizes)):
            return UNKNOWN
        return tensor(*one.sizes[: len(one.sizes) - count], *other.sizes[count:])
    if dims.kind is not Kind.ITEMS or len(dims.items) != 2:
        return UNKNOWN
    gone = [[each.whole for each in part.items] for part in dims.items]
    if any(part.kind is not Kind.ITEMS for part in dims.items) or any(None in g for g in gone):
        return UNKNOWN
    return tensor(*_without(one, gone[0]), *_without(other, gone[1]))


def _without(value: Value, dims: list[int | None]) -> list[int | None]:
    rank = len(value.sizes)
    gone = {d % rank for d in dims if d is not None and rank}
    return [size for at, size in enumerate(value.sizes) if at not in gone]


def _distances(given: Given) -> Value:
    one, other = (*given.args[:2], UNKNOWN, UNKNOWN)[:2]
    if one.kind is not Kind.TENSOR or other.kind is not Kind.TENSOR or len(one.sizes) != 2:
        return UNKNOWN
    return tensor(one.sizes[0], other.sizes[-2]) if len(other.sizes) == 2 else UNKNOWN


def _linear(given: Given) -> Value:
    """`F.linear(x, weight)`: the last size is the weight's first."""
    value, weight = given.get(0, "input"), given.get(1, "weight")
    if value is None or weight is None or value.kind is not Kind.TENSOR or not value.sizes:
        return UNKNOWN
    if weight.kind is not Kind.TENSOR or len(weight.sizes) != 2:
        return UNKNOWN
    return tensor(*value.sizes[:-1], weight.sizes[0])


PRODUCTS: dict[str, Operation] = {
    **dict.fromkeys(("matmul", "mm", "bmm", "mv"), _matmul),
    **dict.fromkeys(("outer", "ger"), _outer),
    "inner": _inner,
    "einsum": _einsum,
    "tensordot": _tensordot,
    "cdist": _distances,
    "linear": _linear,
}
