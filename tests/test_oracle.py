"""The oracle tells what is known of torch, and says when it cannot tell."""

import pytest
from oracle.outcome import How, Outcome, from_json, to_json
from oracle.runner import HAS_TORCH, WITHOUT_TORCH, shared

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(not HAS_TORCH, reason=WITHOUT_TORCH),
]

SETUP = """\
import torch
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
def loss():
    return model(torch.randn(5, 3)).pow(2).mean()
for i in range(6):
"""


def run(body: str, setup: str = SETUP) -> Outcome:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    outcome = shared().run(setup + lines)
    assert not outcome.broken, outcome.failures
    return outcome


def codes(outcome: Outcome) -> set[str]:
    return {harm.code for harm in outcome.harms}


B, S, Z = "loss().backward()", "optimizer.step()", "optimizer.zero_grad()"
CLIP = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)"
EACH = "for p in model.parameters():"


def rows(*lines: str) -> str:
    return "\n".join(lines)


STALE = {
    "never cleared": rows(B, S),
    "cleared in some rounds": rows("if i % 3 == 0:", "    " + Z, B, S),
    "named, not called": rows("optimizer.zero_grad", B, S),
    "clipped": rows(B, CLIP, S),
    "halved": rows(B, S, EACH, "    p.grad.mul_(0.5)"),
    "window never cleared": rows(B, "if i % 2:", "    " + S),
    "a new optimizer over old gradients": rows(
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)", B, S
    ),
}
WIPED = {
    "cleared": rows(B, Z, S),
    "zeros written": rows(B, "model.zero_grad(set_to_none=False)", S),
    "None by hand": rows(B, EACH, "    p.grad = None", S),
    "deleted": rows(B, EACH, "    del p.grad", S),
    "zero through data": rows(B, EACH, "    p.grad.data.zero_()", S),
    "cleared on top, step before backward": rows(Z, S, B),
}
KEPT = "kept = [p.grad.clone() for p in model.parameters()]"
FINE = {
    "cleared on top": rows(Z, B, S),
    "cleared at the end": rows(B, S, Z),
    "multiplied by zero": rows(B, S, EACH, "    p.grad *= 0"),
    "window": rows(B, "if i % 2:", "    " + S, "    " + Z),
    "window and moving average": rows(
        B,
        "with torch.no_grad():",
        "    model[0].weight.mul_(0.99)",
        "if i % 2:",
        "    " + S,
        "    " + Z,
    ),
    "looked at, cleared, again": rows(B, Z, B, S, Z),
    "put back": rows(
        B, KEPT, Z, "for p, g in zip(model.parameters(), kept):", "    p.grad = g", S, Z
    ),
    "written by hand": rows(
        "grads = torch.autograd.grad(loss(), list(model.parameters()))",
        "for p, g in zip(model.parameters(), grads):",
        "    p.grad = g",
        S,
    ),
    "one part cleared": rows(Z, B, "model[0].zero_grad()", S),
    "scaled": rows(
        "s = torch.amp.GradScaler('cpu')",
        Z,
        "s.scale(loss()).backward()",
        "s.unscale_(optimizer)",
        "s.step(optimizer)",
        "s.update()",
    ),
    "closure": rows(
        "def closure():",
        "    " + Z,
        "    value = loss()",
        "    value.backward()",
        "    return value",
        "optimizer.step(closure)",
    ),
}


@pytest.mark.parametrize("name", STALE)
def test_contributions_applied_again_with_new_ones_are_seen(name: str) -> None:
    assert codes(run(STALE[name])) == {"LG101"}


@pytest.mark.parametrize("name", WIPED)
def test_a_step_that_finds_what_was_wiped_is_seen(name: str) -> None:
    assert codes(run(WIPED[name])) == {"LG102"}


@pytest.mark.parametrize("name", FINE)
def test_right_programs_show_no_harm(name: str) -> None:
    assert codes(run(FINE[name])) == set()


def test_steps_are_told_with_their_line_and_the_backward_behind_them() -> None:
    (harm,) = run("loss().backward()\noptimizer.step()").harms
    assert (harm.line.row, [cause.row for cause in harm.causes]) == (8, [7])


def test_a_closure_that_does_not_clear_is_told_as_one() -> None:
    body = (
        "def closure():\n    value = loss()\n    value.backward()\n    return value\n"
        "optimizer.step(closure)"
    )
    (harm,) = run(body).harms
    assert (harm.code, harm.how) == ("LG101", How.CLOSURE)


def test_updates_by_hand_are_told_as_such() -> None:
    setup = SETUP.replace("optimizer =", "unused = lambda: ")
    body = "loss().backward()\nfor p in model.parameters():\n    p.data -= 0.1 * p.grad"
    (harm,) = run(body, setup).harms
    assert (harm.code, harm.how) == ("LG101", How.HAND)
    cleared = body + "\n    p.grad = None"
    assert codes(run(cleared, setup)) == set()


def test_steps_in_the_hooks_of_a_backward_are_seen() -> None:
    setup = SETUP.replace(
        "for i in",
        "\n".join(
            (
                "optimizers = {p: torch.optim.SGD([p], lr=0.1) for p in model.parameters()}",
                "def hook(p):",
                "    optimizers[p].step()",
                "    CLEAR",
                "for p in model.parameters():",
                "    p.register_post_accumulate_grad_hook(hook)",
                "for i in",
            )
        ),
    )
    right = run("loss().backward()", setup.replace("CLEAR", "optimizers[p].zero_grad()"))
    assert (codes(right), set(right.steps.values())) == (set(), {24})
    assert codes(run("loss().backward()", setup.replace("CLEAR", "pass"))) == {"LG101"}


def test_the_same_gradients_applied_twice_are_told_apart_from_stale_ones() -> None:
    body = "optimizer.zero_grad()\nloss().backward()\noptimizer.step()\noptimizer.step()"
    assert codes(run(body)) == {"LG309"}


def test_a_nonscalar_backward_is_told_by_its_line() -> None:
    outcome = shared().run(
        "import torch\nw = torch.ones(2, requires_grad=True)\n(w * 2).backward()\n"
    )
    assert [(harm.code, harm.line.row, harm.how) for harm in outcome.harms] == [
        ("LG201", 3, How.RAISED)
    ]
    assert not outcome.broken


def test_a_nonscalar_backward_that_the_program_expects_is_no_harm() -> None:
    text = (
        "import torch\nw = torch.ones(2, requires_grad=True)\n"
        "try:\n    (w * 2).backward()\nexcept RuntimeError:\n    pass\n"
    )
    outcome = shared().run(text)
    assert outcome.harms == []
    assert [line.row for line in outcome.caught] == [4]


GAN = """\
import torch
G, D = torch.nn.Linear(3, 3), torch.nn.Linear(3, 1)
opt_g = torch.optim.SGD(G.parameters(), lr=0.1)
opt_d = torch.optim.SGD(D.parameters(), lr=0.1)
for _ in range(4):
    x = torch.randn(5, 3)
    FIRST
    (D(x).mean() - D(G(x).detach()).mean()).backward()
    opt_d.step()
    SECOND
    opt_g.zero_grad()
    D(G(x)).mean().backward()
    opt_g.step()
"""


def test_gradients_that_leak_into_another_optimizer_are_seen() -> None:
    right = GAN.replace("FIRST", "opt_d.zero_grad()").replace("SECOND", "pass")
    leaking = GAN.replace("FIRST", "pass").replace("SECOND", "opt_d.zero_grad()")
    assert codes(shared().run(right)) == set()
    (harm,) = shared().run(leaking).harms
    assert (harm.code, harm.line.row) == ("LG701", 9)


def test_what_one_run_cannot_show_is_said() -> None:
    once = shared().run(
        SETUP.replace("range(6)", "range(1)") + "    loss().backward()\n    optimizer.step()\n"
    )
    assert once.doubts() == ["only one step on line 8"]
    nothing = shared().run("import torch\n")
    assert nothing.doubts() == ["no backward ran", "no step ran"]
    attacked = run(FINE["looked at, cleared, again"])
    assert attacked.doubts() == ["contributions were thrown away before a step: intent unknown"]


def test_errors_and_endless_programs_end_the_program_and_nothing_else() -> None:
    failed = shared().run("import torch\ntorch.ones(2) @ torch.ones(3)\n")
    assert [(one.kind, one.line.row) for one in failed.failures if one.line] == [
        ("RuntimeError", 2)
    ]
    endless = shared().run("while True:\n    pass\n", seconds=1.0)
    assert endless.timed_out
    killed = shared().run("import os\nos._exit(3)\n")
    assert [one.kind for one in killed.failures] == ["died"]
    assert codes(run(STALE["never cleared"])) == {"LG101"}


def test_warnings_are_kept() -> None:
    outcome = run("loss().backward(create_graph=True)\noptimizer.step()\noptimizer.zero_grad()")
    assert any("create_graph=True" in text for text in outcome.warnings)


def test_an_outcome_survives_being_written_down() -> None:
    outcome = run(STALE["never cleared"])
    assert from_json(to_json(outcome)) == outcome
