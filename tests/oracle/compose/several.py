"""Right programs of several optimizers, before anything is done to them."""

from oracle.compose.dice import Dice
from oracle.compose.pieces import (
    SETUP,
    SEVERAL,
    Draft,
    Lines,
    built,
    clear,
    forward,
    looped,
    nested,
    update,
)


def one_loss_for_all(dice: Dice) -> Draft:
    """Several optimizers, one backward."""
    units = SEVERAL[: dice.number(2, 3)]
    guess = "x"
    setup = [*SETUP]
    for number, unit in enumerate(units):
        setup += built(dice, unit, 4, 1 if number == len(units) - 1 else 4)
        guess = f"{unit.model}({guess})"
    clearing: Lines = []
    steps: Lines = []
    for unit in dice.shuffled(units):
        clearing += clear(dice, unit)
        steps.append(f"{unit.optimizer}.step()")
    if dice.chance(0.3):
        names = ", ".join(unit.optimizer for unit in units)
        clearing = nested(f"for each in ({names}):", ["each.zero_grad()"])
    making = forward(dice, guess)
    backward = ["loss.backward()"]
    lines = dice.pick(
        [*clearing, *making, *backward, *steps],
        [*making, *clearing, *backward, *steps],
        [*making, *backward, *steps, *clearing],
    )
    return Draft(setup, looped(dice, lines))


def a_loss_each(dice: Dice) -> Draft:
    """Several optimizers, each with its own backward."""
    units = SEVERAL[: dice.number(2, 3)]
    setup, lines = [*SETUP], Lines()
    for number, unit in enumerate(units):
        setup += built(dice, unit, 4, 1)
        lines += update(dice, unit, f"{unit.model}(x)", f"loss_{number}")
    return Draft(setup, looped(dice, lines))


def adversarial(dice: Dice) -> Draft:
    """A generator and a critic."""
    g, d = SEVERAL[0], SEVERAL[1]
    setup = [*SETUP, *built(dice, g, 4, 4), *built(dice, d, 4, 1)]
    fake = ["fake = encoder(torch.randn(6, 4))"]
    real_loss, fake_loss = "head(x).mean()", "head(fake.detach()).mean()"
    critic = dice.pick(
        [f"d_loss = {fake_loss} - {real_loss}", "d_loss.backward()"],
        [f"(-{real_loss}).backward()", f"{fake_loss}.backward()"],
    )
    maker = [*dice.pick([], fake), "g_loss = -head(fake).mean()", "g_loss.backward()"]
    first = [*clear(dice, d), *fake, *critic, "opt_b.step()"]
    second = [*clear(dice, g), *maker, "opt_a.step()"]
    order = [*first, *second] if dice.chance(0.6) else [*fake, *second, *first]
    return Draft(setup, looped(dice, order))
