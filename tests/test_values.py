"""The abstract values against the table of what torch makes of each expression."""

from dataclasses import dataclass

import pytest
from oracle.runner import HAS_TORCH
from value_table import INPUTS, measured, rows

from lintgrad.flow.project import Project
from lintgrad.source.text import Source
from lintgrad.syntax.nodes import Name
from lintgrad.typestates.values.possible import Values
from lintgrad.typestates.values.tensors import losses_of
from lintgrad.typestates.values.value import Kind, Link, Value

_MOST_UNKNOWN = 0.10


@dataclass(frozen=True)
class Row:
    expression: str
    shape: tuple[int, ...] | None
    requires_grad: bool

    @classmethod
    def of(cls, row: dict[str, object]) -> "Row":
        shape = row.get("shape")
        known = tuple(shape) if isinstance(shape, list) else None
        return cls(str(row["expression"]), known, bool(row.get("requires_grad")))


ROWS = [Row.of(row) for row in rows() if "raises" not in row]


def evaluated(expressions: list[str]) -> dict[str, Values]:
    """What lintgrad makes of expressions, each bound to a name and called `backward` on."""
    lines = [f"r{k} = {e}\nr{k}.backward()\n" for k, e in enumerate(expressions)]
    source = Source("values.py", INPUTS + "".join(lines))
    analysis = Project().analysed(source)
    found: dict[str, Values] = {}
    for loss in losses_of(analysis.graphs, analysis.roots[0]).values():
        name = getattr(loss.event, "loss", None)
        assert isinstance(name, Name)
        found[expressions[int(name.id[1:])]] = loss.values
    return found


KNOWN = evaluated([row.expression for row in ROWS])


def contradictions(
    value: Value, shape: tuple[int, ...] | None, *, requires_grad: bool
) -> list[str]:
    """What a value says that is not so."""
    found = []
    if shape is None:
        return ["a tensor"] if value.is_tensor else []
    if value.kind is Kind.NUMBER or value.is_collection:
        found.append("no tensor")
    if value.kind is Kind.TENSOR and not _fits(value.sizes, shape):
        found.append(f"shape {value.sizes}")
    if value.kind is Kind.AT_LEAST and not _fits(value.sizes, shape[-len(value.sizes) :]):
        found.append(f"last sizes {value.sizes}")
    if value.kind is Kind.DIMENSIONED and not shape:
        found.append("dimensions")
    lost = (Link.NONE, Link.CUT, Link.UNRECORDED, Link.PERHAPS_UNRECORDED)
    if value.is_tensor and requires_grad and value.link in lost:
        found.append(f"no graph: {value.link}")
    if value.is_tensor and not requires_grad and value.link in (Link.KEPT, Link.NEW_LEAF):
        found.append(f"a graph: {value.link}")
    return found


def _fits(sizes: tuple[int | None, ...], shape: tuple[int, ...]) -> bool:
    return len(sizes) == len(shape) and all(
        size is None or size == real for size, real in zip(sizes, shape, strict=True)
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.expression)
def test_no_value_says_what_torch_does_not_do(row: Row) -> None:
    for value in KNOWN[row.expression]:
        assert contradictions(value, row.shape, requires_grad=row.requires_grad) == []


def test_few_rows_are_not_known(record_property: pytest.Function) -> None:
    tensors = [row for row in ROWS if row.shape is not None]
    unknown = [
        row.expression
        for row in tensors
        if any(value.kind in (Kind.UNKNOWN, Kind.PICKED) for value in KNOWN[row.expression])
    ]
    record_property("unknown", f"{len(unknown)} of {len(tensors)}")  # type: ignore[operator]
    assert len(unknown) < _MOST_UNKNOWN * len(tensors), unknown


@pytest.mark.oracle
@pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed")
@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_torch_still_makes_the_same_of_every_row(device: str) -> None:
    import torch

    names: dict[str, object] = {}
    with torch.device(device):
        exec(INPUTS, names)  # our own text
        again = {row.expression: measured(row.expression, names) for row in ROWS}
    compared = 0
    for row in ROWS:
        now = again[row.expression]
        if "shape" not in now:
            continue  # what depends on the data has no shape on the meta device
        compared += 1
        assert Row.of(now) == row
    assert compared > 0.8 * len(ROWS)
