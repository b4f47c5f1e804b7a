"""Right programs of every kind, before anything is done to them: those of one optimizer."""

from collections.abc import Callable

from oracle.compose.dice import Dice
from oracle.compose.pieces import (
    ONE,
    SETUP,
    Draft,
    built,
    clear,
    clip,
    counting_loop,
    forward,
    looped,
    loss,
    model,
    nested,
    optimizer,
    update,
)
from oracle.compose.several import a_loss_each, adversarial, one_loss_for_all
from oracle.compose.variety import (
    alternating,
    held,
    leaves,
    scaled_several,
    scaled_window,
    scheduled,
)


def single(dice: Dice) -> Draft:
    """One optimizer, one update a batch."""
    lines = update(dice, ONE, "model(x)")
    setup = [*SETUP, *built(dice, ONE, 4, 1)]
    if dice.chance(0.3):
        setup.append(f"scheduler = torch.optim.lr_scheduler.StepLR({ONE.optimizer}, 5)")
        lines.append("scheduler.step()")
    if dice.chance(0.3):
        setup.append("history = []")
        lines.append("history.append(loss.item())")
    loop = counting_loop if dice.chance(0.2) else looped
    return Draft(setup, loop(dice, lines))


def window(dice: Dice) -> Draft:
    """Gradients of several batches, one step."""
    opt, clearing = ONE.optimizer, clear(dice, ONE)
    add = [f"loss = {loss(dice, 'model(x)')} / accum", "loss.backward()"]
    step = [*clip(dice, ONE), f"{opt}.step()"]
    last = dice.pick("(i + 1) % accum == 0", "i % accum == accum - 1", "not (i + 1) % accum")
    if dice.chance(0.3):
        last = f"{last} or i + 1 == len(batches)"
    forms = [
        [*add, *nested(f"if {last}:", [*step, *clearing])],
        [*nested("if i % accum == 0:", clearing), *add, *nested(f"if {last}:", step)],
        [*add, *nested("if (i + 1) % accum != 0:", ["continue"]), *step, *clearing],
        [*add, f"ready = {last}", *nested("if ready:", step), *nested("if ready:", clearing)],
    ]
    lines = looped(dice, dice.one_of(forms), counted=True)
    if dice.chance(0.5):
        lines = [*clearing, *lines]
    setup = [*SETUP, *built(dice, ONE, 4, 1), f"accum = {dice.pick(2, 3, 4)}"]
    return Draft(setup, lines)


def counted_window(dice: Dice) -> Draft:
    """A window whose counter is kept by hand."""
    clearing = clear(dice, ONE)
    add = [*forward(dice, "model(x)"), "loss.backward()", "micro += 1"]
    ending = [f"{ONE.optimizer}.step()", *clearing, "micro = 0"]
    condition = dice.pick("micro == accum", "micro >= accum")
    lines = looped(dice, [*add, *nested(f"if {condition}:", ending)])
    setup = [*SETUP, *built(dice, ONE, 4, 1), f"accum = {dice.pick(2, 3)}"]
    return Draft(setup, ["micro = 0", *lines])


def pieces_of_a_batch(dice: Dice) -> Draft:
    """A loop over the parts of each batch, with one step after it."""
    add = nested("for part in x.chunk(2):", ["loss = model(part).pow(2).mean()", "loss.backward()"])
    step, clearing = [f"{ONE.optimizer}.step()"], clear(dice, ONE)
    lines = dice.pick([*clearing, *add, *step], [*add, *step, *clearing])
    return Draft([*SETUP, *built(dice, ONE, 4, 1)], looped(dice, lines))


def two_losses(dice: Dice) -> Draft:
    """Two backward calls, one step."""
    shared = ["output = model(x)", "first = F.mse_loss(output, y)", "second = output.abs().mean()"]
    both = dice.pick(
        ["first.backward(retain_graph=True)", "second.backward()"],
        ["(first + second).backward()"],
        ["total = first + 0.1 * second", "total.backward()"],
    )
    clearing, step = clear(dice, ONE), [f"{ONE.optimizer}.step()"]
    lines = dice.pick([*clearing, *shared, *both, *step], [*shared, *both, *step, *clearing])
    return Draft([*SETUP, *built(dice, ONE, 4, 1)], looped(dice, lines))


def with_closure(dice: Dice) -> Draft:
    """The optimizer runs a closure."""
    kind = dice.pick("LBFGS(model.parameters(), lr=0.1, max_iter=3)", "SGD(model.parameters())")
    inside = [*clear(dice, ONE), *forward(dice, "model(x)"), "loss.backward()", "return loss"]
    lines = [*nested("def closure():", inside), "optimizer.step(closure)"]
    setup = [*SETUP, f"model = {model(dice, 4, 1)}", f"optimizer = torch.optim.{kind}"]
    return Draft(setup, looped(dice, lines))


def scaled(dice: Dice) -> Draft:
    """Mixed precision with a scaler."""
    making = nested("with torch.autocast('cpu', enabled=False):", forward(dice, "model(x)"))
    unscale = ["scaler.unscale_(optimizer)", *clip(dice, ONE)] if dice.chance(0.5) else []
    backward = ["scaler.scale(loss).backward()"]
    step, clearing = ["scaler.step(optimizer)", "scaler.update()"], clear(dice, ONE)
    lines = dice.pick(
        [*clearing, *making, *backward, *unscale, *step],
        [*making, *backward, *unscale, *step, *clearing],
    )
    setup = [*SETUP, *built(dice, ONE, 4, 1)]
    setup.append(f"scaler = torch.amp.GradScaler('cpu', enabled={dice.pick('fast', 'True')})")
    return Draft(setup, looped(dice, lines))


def either_precision(dice: Dice) -> Draft:
    """A setting chooses between two ways of updating."""
    clearing, making = clear(dice, ONE), forward(dice, "model(x)")
    amp = ["scaler.scale(loss).backward()", "scaler.step(optimizer)", "scaler.update()"]
    plain = ["loss.backward()", *clip(dice, ONE), "optimizer.step()"]
    branches = [*nested("if fast:", amp), *nested("else:", plain)]
    each = [
        *nested("if fast:", [*clear(dice, ONE), *making, *amp]),
        *nested("else:", [*clear(dice, ONE), *making, *plain]),
    ]
    lines = dice.pick([*clearing, *making, *branches], [*making, *branches, *clearing], each)
    setup = [*SETUP, *built(dice, ONE, 4, 1), "scaler = torch.amp.GradScaler('cpu')"]
    return Draft(setup, looped(dice, lines))


def attack(dice: Dice) -> Draft:
    """The first backward only serves the input."""
    lines = [
        "delta = torch.zeros_like(x, requires_grad=True)",
        "criterion(model(x + delta), y).backward()",
        "attacked = x + 0.1 * delta.grad.sign()",
        *clear(dice, ONE),
        f"loss = {loss(dice, 'model(attacked)')}",
        "loss.backward()",
        "optimizer.step()",
        *clear(dice, ONE),
    ]
    return Draft([*SETUP, *built(dice, ONE, 4, 1)], looped(dice, lines))


def phases(dice: Dice) -> Draft:
    """Training and validation in one loop."""
    clearing = clear(dice, ONE)
    learn = nested("if phase == 'train':", ["loss.backward()", "optimizer.step()"])
    making = nested("with torch.set_grad_enabled(phase == 'train'):", forward(dice, "model(x)"))
    walk = nested("for x, y in batches:", [*clearing, *making, *learn])
    inner = nested("for phase in ('train', 'val'):", ["model.train(phase == 'train')", *walk])
    lines = nested("for epoch in range(2):", inner)
    return Draft([*SETUP, *built(dice, ONE, 4, 1)], lines)


def fresh_each_time(dice: Dice) -> Draft:
    """Everything is built anew in each round of an outer loop."""
    building = built(dice, ONE, 4, 1)
    inner = nested("for x, y in batches:", update(dice, ONE, "model(x)"))
    if dice.chance(0.4):
        inner = ["x, y = batches[0]", *forward(dice, "model(x)"), "loss.backward()"]
        inner.append("optimizer.step()")
    return Draft([*SETUP], nested("for trial in range(3):", [*building, *inner]))


def two_loops(dice: Dice) -> Draft:
    """One training after the other."""
    first = nested("for x, y in batches[:4]:", update(dice, ONE, "model(x)"))
    between = dice.pick([], [], clear(dice, ONE), [f"optimizer = {optimizer(dice, _OWN)}"])
    second = nested("for x, y in batches:", update(dice, ONE, "model(x)"))
    left_over = nested(
        "for x, y in batches:",
        [*clear(dice, ONE), *forward(dice, "model(x)"), "loss.backward()", "optimizer.step()"],
    )
    second = second if between else left_over
    return Draft([*SETUP, *built(dice, ONE, 4, 1)], [*first, *between, *second])


_OWN = "model.parameters()"


def gradients_by_hand(dice: Dice) -> Draft:
    """No backward: gradients are asked for and written."""
    lines = [
        *forward(dice, "model(x)"),
        "grads = torch.autograd.grad(loss, list(model.parameters()))",
        *nested("for p, g in zip(model.parameters(), grads):", ["p.grad = g"]),
        "optimizer.step()",
    ]
    penalty = ["(0.01 * model(x).pow(2).mean()).backward()", *clear(dice, ONE)]
    return Draft([*SETUP, *built(dice, ONE, 4, 1)], looped(dice, [*dice.pick([], penalty), *lines]))


def recurrent(dice: Dice) -> Draft:
    """A state that is carried from batch to batch, cut from its graph."""
    lines = [
        "state = torch.tanh(model(x) + state.detach())",
        "loss = (state - y).pow(2).mean()",
        *clear(dice, ONE),
        "loss.backward()",
        "optimizer.step()",
    ]
    setup = [*SETUP, *built(dice, ONE, 4, 1)]
    return Draft(setup, ["state = torch.zeros(6, 1)", *looped(dice, lines)])


def moved_by_hand(dice: Dice) -> Draft:
    """No optimizer moves the parameters: the program does it."""
    move = nested("for p in model.parameters():", [dice.pick("p -= 0.01 * p.grad", _ADD)])
    moving = nested("with torch.no_grad():", move)
    if dice.chance(0.3):
        moving = nested("for p in model.parameters():", ["p.data -= 0.01 * p.grad"])
    clearing = dice.pick(["model.zero_grad()"], nested(_EACH, ["p.grad = None"]))
    making = [*forward(dice, "model(x)"), "loss.backward()"]
    lines = dice.pick([*clearing, *making, *moving], [*making, *moving, *clearing])
    return Draft([*SETUP, f"model = {model(dice, 4, 1)}"], looped(dice, lines))


_EACH = "for p in model.parameters():"
_ADD = "p.add_(p.grad, alpha=-0.01)"


FAMILIES: dict[str, tuple[int, Callable[[Dice], Draft]]] = {
    "single": (5, single),
    "window": (3, window),
    "counted window": (1, counted_window),
    "pieces of a batch": (1, pieces_of_a_batch),
    "one loss for all": (3, one_loss_for_all),
    "a loss each": (2, a_loss_each),
    "adversarial": (2, adversarial),
    "two losses": (1, two_losses),
    "closure": (1, with_closure),
    "scaled": (1, scaled),
    "either precision": (1, either_precision),
    "attack": (1, attack),
    "phases": (1, phases),
    "fresh each time": (1, fresh_each_time),
    "two loops": (1, two_loops),
    "gradients by hand": (1, gradients_by_hand),
    "recurrent": (1, recurrent),
    "moved by hand": (1, moved_by_hand),
    "scaled window": (1, scaled_window),
    "scaled several": (1, scaled_several),
    "scheduled": (1, scheduled),
    "leaves": (1, leaves),
    "held": (1, held),
    "alternating": (1, alternating),
}
