"""Whose parameters each loss of a program reaches."""

import pytest

from lintgrad.flow.events import Backward
from lintgrad.flow.events.reach import Reach
from lintgrad.flow.project import Project
from lintgrad.source.text import Source

START = """
import torch

G, D = torch.nn.Linear(2, 4), torch.nn.Linear(4, 1)
criterion = torch.nn.MSELoss()
weight = torch.zeros(1, requires_grad=True)
opt_g = torch.optim.Adam(G.parameters())
opt_d = torch.optim.Adam([*D.parameters(), weight])


def score(x):
    return D(x).mean()


@torch.no_grad()
def sample(noise):
    return G(noise)


for real, noise in batches:
    other = D(real).sum()
    other.backward()
    opt_d.step()
{body}
    loss.backward()
    opt_g.step()
"""


def reached(body: str) -> Reach | None:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    analysis = Project().analysed(Source("train.py", START.format(body=lines)))
    events = [e for b in analysis.graphs[analysis.roots[-1]].blocks for e in b.events]
    backwards = [event for event in events if isinstance(event, Backward)]
    last = max(backwards, key=lambda event: event.span.start)
    return last.reaches


@pytest.mark.parametrize(
    ("body", "must"),
    [
        ("loss = D(G(noise)).mean()", "D G"),
        ("fake = G(noise)\nloss = -D(fake).mean()", "D G"),
        ("fake = G(noise).detach()\nloss = D(fake).mean()", "D"),
        ("fake = G(noise)\nfake.detach_()\nloss = D(fake).mean()", "D"),
        ("with torch.no_grad():\n    fake = G(noise)\nloss = D(fake).mean()", "D"),
        ("loss = D(sample(noise)).mean()", "D"),
        ("loss = score(G(noise))", "D G"),
        ("loss = criterion(G(noise), real)", "G"),
        ("loss = weight * torch.cat([G(noise), real]).mean()", "G weight"),
        ("loss = D(real).mean()\nloss = G(noise).mean()", "G"),
        ("loss = D(real).mean()\nloss += G(noise).mean()", "D G"),
        ("a, b = D(real), G(noise)\nloss = a.mean()", "D"),
        ("loss = torch.randn_like(G(noise)).mean() + D(real).mean()", "D"),
        ("loss = D(real).mean() * G(noise).mean().item()", "D"),
    ],
)
def test_a_loss_reaches_what_it_is_computed_from(body: str, must: str) -> None:
    found = reached(body)
    assert found is not None
    assert found.complete
    assert found.must == found.may == frozenset(must.split())


@pytest.mark.parametrize(
    ("body", "may"),
    [
        ("loss = D(real).mean()\nif real.any():\n    loss = G(noise).mean()", "D G"),
        ("fake = G(noise) if real.any() else real\nloss = fake.mean()", "G"),
    ],
)
def test_what_depends_on_a_test_is_not_sure(body: str, may: str) -> None:
    assert reached(body) == Reach(frozenset(), frozenset(may.split()))


def test_what_cannot_be_seen_makes_it_incomplete() -> None:
    found = reached("loss = somewhere(G(noise)).mean()")
    assert found is not None
    assert not found.complete
    assert found.must == frozenset()


def test_nothing_is_said_where_gradients_are_switched_off() -> None:
    assert reached("D.requires_grad_(False)\nloss = D(G(noise)).mean()") is None


def test_what_is_fed_to_what_is_known_and_what_was_cut_off() -> None:
    fed, cut = reached("loss = D(G(noise)).mean()"), reached("loss = D(G(noise).detach()).mean()")
    assert fed is not None
    assert fed.chains == {("G", "D")}
    assert fed.cut == frozenset()
    assert cut is not None
    assert cut.chains == frozenset()
    assert cut.cut == {"G"}
