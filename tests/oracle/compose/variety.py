"""Right programs with a scaler, schedulers, leaves of their own, or optimizers in a container."""

from oracle.compose.dice import Dice
from oracle.compose.pieces import (
    ONE,
    SETUP,
    SEVERAL,
    Draft,
    Lines,
    built,
    clear,
    clip,
    forward,
    looped,
    loss,
    model,
    nested,
    optimizer,
    update,
)

_SCALER = "scaler = torch.amp.GradScaler('cpu')"


def scaled_window(dice: Dice) -> Draft:
    """A window of scaled micro-batches."""
    clearing = clear(dice, ONE)
    unscale = ["scaler.unscale_(optimizer)", *clip(dice, ONE)] if dice.chance(0.6) else []
    add = [f"loss = {loss(dice, 'model(x)')} / accum", "scaler.scale(loss).backward()"]
    ending = [*unscale, "scaler.step(optimizer)", "scaler.update()", *clearing]
    guard = dice.pick("(i + 1) % accum == 0", "i % accum == accum - 1")
    lines = looped(dice, [*add, *nested(f"if {guard}:", ending)], counted=True)
    setup = [*SETUP, *built(dice, ONE, 4, 1), _SCALER, f"accum = {dice.pick(2, 3)}"]
    return Draft(setup, [*dice.pick([], clearing), *lines])


def scaled_several(dice: Dice) -> Draft:
    """One scaler for two optimizers."""
    a, b = SEVERAL[0], SEVERAL[1]
    setup = [*SETUP, *built(dice, a, 4, 4), *built(dice, b, 4, 1), _SCALER]
    clearing = [*clear(dice, a), *clear(dice, b)]
    making = forward(dice, "head(encoder(x))")
    unscale = [f"scaler.unscale_({one.optimizer})" for one in (a, b) if dice.chance(0.4)]
    steps = [f"scaler.step({one.optimizer})" for one in dice.shuffled((a, b))]
    backward = ["scaler.scale(loss).backward()", *unscale, *steps, "scaler.update()"]
    lines = dice.pick([*clearing, *making, *backward], [*making, *backward, *clearing])
    return Draft(setup, looped(dice, lines))


def scheduled(dice: Dice) -> Draft:
    """A scheduler that steps for each epoch or for each batch."""
    kind = dice.pick(
        "StepLR(optimizer, 2)",
        "ExponentialLR(optimizer, gamma=0.9)",
        "CosineAnnealingLR(optimizer, T_max=10)",
        "LambdaLR(optimizer, lambda k: 0.95 ** k)",
        "OneCycleLR(optimizer, max_lr=0.1, total_steps=60)",
        "ReduceLROnPlateau(optimizer)",
    )
    step = "scheduler.step(loss.item())" if "Plateau" in kind else "scheduler.step()"
    setup = [*SETUP, *built(dice, ONE, 4, 1)]
    setup.append(f"scheduler = torch.optim.lr_scheduler.{kind}")
    lines = update(dice, ONE, "model(x)")
    if dice.chance(0.5):
        inner = nested("for x, y in batches:", lines)
        return Draft(setup, nested("for epoch in range(3):", [*inner, step]))
    return Draft(setup, looped(dice, [*lines, step]))


def leaves(dice: Dice) -> Draft:
    """Tensors of one's own in place of a model, moved by hand or by an optimizer."""
    setup = [
        *SETUP,
        "w = torch.randn(4, 1, requires_grad=True)",
        dice.pick("b = torch.zeros(1, requires_grad=True)", "b = nn.Parameter(torch.zeros(1))"),
    ]
    clearing = dice.pick(
        ["w.grad = None", "b.grad = None"],
        ["w.grad.zero_()", "b.grad.zero_()"],
        ["w.grad, b.grad = None, None"],
    )
    making = [f"loss = {loss(dice, '(x @ w + b)')}", "loss.backward()"]
    if dice.chance(0.3):
        setup.append("optimizer = " + optimizer(dice, "[w, b]"))
        wipe = "optimizer.zero_grad()"
        lines = dice.pick([wipe, *making, "optimizer.step()"], [*making, "optimizer.step()", wipe])
        return Draft(setup, looped(dice, lines))
    move = dice.pick(
        ["w -= 0.01 * w.grad", "b -= 0.01 * b.grad"],
        ["w.sub_(0.01 * w.grad)", "b.sub_(0.01 * b.grad)"],
        ["w.add_(w.grad, alpha=-0.01)", "b.add_(b.grad, alpha=-0.01)"],
    )
    inside = [*move, *clearing] if dice.chance(0.5) else move
    moving = nested("with torch.no_grad():", inside)
    return Draft(setup, looped(dice, [*making, *moving, *([] if inside is not move else clearing)]))


def held(dice: Dice) -> Draft:
    """Models and optimizers in a dict or a list, which loops run over."""
    keys = dice.pick(("'first'", "'second'"), ("'a'", "'b'", "'c'"))
    setup = [
        *SETUP,
        "models = {key: " + model(dice, 4, 1) + f" for key in ({', '.join(keys)})}}",
        "optimizers = {key: "
        + optimizer(dice, "m.parameters()")
        + " for key, m in models.items()}",
    ]
    every = "for opt in optimizers.values():"
    clearing = dice.pick(
        nested(every, ["opt.zero_grad()"]), nested("for m in models.values():", ["m.zero_grad()"])
    )
    stepping = nested(every, ["opt.step()"])
    making = [
        "loss = sum(F.mse_loss(m(x), y) for m in models.values())",
        "loss.backward()",
    ]
    together = dice.pick([*clearing, *making, *stepping], [*making, *stepping, *clearing])
    apart = nested(
        "for key, m in models.items():",
        [
            *dice.pick([], ["optimizers[key].zero_grad()"]),
            f"loss = {loss(dice, 'm(x)')}",
            "loss.backward()",
            "optimizers[key].step()",
            "optimizers[key].zero_grad()",
        ],
    )
    return Draft(setup, looped(dice, together if dice.chance(0.6) else apart))


def alternating(dice: Dice) -> Draft:
    """Two optimizers that take turns by the round."""
    a, b = SEVERAL[0], SEVERAL[1]
    setup = [*SETUP, *built(dice, a, 4, 1), *built(dice, b, 4, 1)]
    guard = dice.pick("i % 2 == 0", "i % 3 != 0", "i < 5")
    lines: Lines = [
        *nested(f"if {guard}:", update(dice, a, "encoder(x)")),
        *nested("else:", update(dice, b, "head(x)")),
    ]
    return Draft(setup, looped(dice, lines, counted=True))
