"""What `DataParallel` makes of the results of its devices: it puts them together along dim 0."""

from dataclasses import replace

from lintgrad.typestates.values.possible import Values, joined, lifted
from lintgrad.typestates.values.value import DIMENSIONED, UNKNOWN, Kind, Value, at_least, tensor


def gathered(values: Values, devices: int | None) -> Values:
    """The results of a module that runs on so many devices; None if that is not known.

    On one device, or without a GPU, there is nothing to gather. Of a loss without dimensions there
    is one from each device (torch 2.13, `torch/nn/parallel/_functions.py`).
    """
    several = lifted(_gathered, [values])
    if devices is None:
        return joined([values, several])
    return several if devices > 1 else values


def _gathered(value: Value) -> Value:
    if value.kind is Kind.ITEMS and "__class__" not in value.names:
        return replace(value, items=tuple(map(_gathered, value.items)))
    if value.kind is Kind.TENSOR:
        made = tensor(None, *value.sizes[1:]) if value.sizes else DIMENSIONED
    elif value.kind is Kind.AT_LEAST:
        made = at_least(None, *value.sizes[1:])
    else:
        made = value if value.kind is Kind.DIMENSIONED else UNKNOWN
    return made.linked(value.link, value.cut)
