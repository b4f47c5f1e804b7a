"""The pieces of training programs, in the spellings that people use."""

from dataclasses import dataclass

from oracle.compose.dice import Dice

Lines = list[str]


@dataclass(frozen=True)
class Unit:
    """An optimizer and the model that it moves, and what loops may call its parameters."""

    optimizer: str
    model: str
    each: str = "p"


@dataclass(frozen=True)
class Draft:
    """A program in plain form: what is built once, and the training."""

    setup: Lines
    body: Lines


ONE = Unit("optimizer", "model")
SEVERAL = (Unit("opt_a", "encoder", "p"), Unit("opt_b", "head", "q"), Unit("opt_c", "tail", "g"))
SETUP = [
    "batches = [(torch.randn(6, 4), torch.randn(6, 1)) for _ in range(10)]",
    "criterion = nn.MSELoss()",
]
NET = """\
class Net(nn.Module):

    def __init__(self, inputs, outputs):
        super().__init__()
        self.first = nn.Linear(inputs, 5)
        self.second = nn.Linear(5, outputs)

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))
"""


def nested(header: str, lines: Lines) -> Lines:
    """Lines as the body of a compound statement."""
    return [header, *(f"    {line}" for line in lines)]


def model(dice: Dice, inputs: int, outputs: int) -> str:
    """A network."""
    return dice.pick(
        f"nn.Linear({inputs}, {outputs})",
        f"nn.Sequential(nn.Linear({inputs}, 5), nn.Tanh(), nn.Linear(5, {outputs}))",
        f"Net({inputs}, {outputs})",
    )


def optimizer(dice: Dice, parameters: str) -> str:
    """An optimizer over parameters."""
    kind = dice.pick(
        "SGD({}, lr=0.01)",
        "SGD({}, lr=0.01, momentum=0.9)",
        "Adam({})",
        "AdamW({}, lr=0.003)",
        "RMSprop({}, lr=0.001)",
        "Adagrad({})",
    )
    return "torch.optim." + kind.format(parameters)


def built(dice: Dice, unit: Unit, inputs: int, outputs: int) -> Lines:
    """The statements that build a model and its optimizer."""
    name = unit.model
    parameters = dice.pick(
        f"{name}.parameters()",
        f"{name}.parameters()",
        f"list({name}.parameters())",
        f"[p for p in {name}.parameters() if p.requires_grad]",
        f"filter(lambda p: p.requires_grad, {name}.parameters())",
        f"[{{'params': {name}.parameters(), 'lr': 0.02}}]",
    )
    return [
        f"{name} = {model(dice, inputs, outputs)}",
        f"{unit.optimizer} = {optimizer(dice, parameters)}",
    ]


def clear(dice: Dice, unit: Unit) -> Lines:
    """One way to clear the gradients of a unit."""
    opt, net = unit.optimizer, unit.model
    p = "p" if dice.chance(0.05) else unit.each
    each = f"for {p} in {net}.parameters():"
    return dice.pick(
        [f"{opt}.zero_grad()"],
        [f"{opt}.zero_grad()"],
        [f"{opt}.zero_grad()"],
        [f"{opt}.zero_grad(set_to_none=True)"],
        [f"{opt}.zero_grad(set_to_none=False)"],
        [f"{net}.zero_grad()"],
        nested(each, [f"{p}.grad = None"]),
        nested(each, nested(f"if {p}.grad is not None:", [f"{p}.grad.zero_()"])),
        nested(
            f"for group in {opt}.param_groups:",
            nested(f"for {p} in group['params']:", [f"{p}.grad = None"]),
        ),
    )


def loss(dice: Dice, guess: str) -> str:
    """A loss of a guess against `y`; always a number."""
    return dice.pick(
        f"criterion({guess}, y)",
        f"criterion({guess}, y)",
        f"F.mse_loss({guess}, y)",
        f"F.smooth_l1_loss({guess}, y, reduction='sum')",
        f"({guess} - y).pow(2).mean()",
        f"torch.mean(({guess} - y) ** 2)",
        f"F.mse_loss({guess}, y, reduction='none').mean()",
        f"(({guess} - y) ** 2).mean(dim=1).sum()",
    )


def forward(dice: Dice, guess: str, name: str = "loss") -> Lines:
    """The statements that make a loss."""
    if dice.chance(0.3):
        return [f"output = {guess}", f"{name} = {loss(dice, 'output')}"]
    return [f"{name} = {loss(dice, guess)}"]


def clip(dice: Dice, unit: Unit) -> Lines:
    """Clipping, or nothing."""
    if dice.chance(0.75):
        return []
    return [f"torch.nn.utils.clip_grad_norm_({unit.model}.parameters(), 1.0)"]


def update(dice: Dice, unit: Unit, guess: str, name: str = "loss") -> Lines:
    """A whole update in one of the right orders."""
    clearing = clear(dice, unit)
    making = forward(dice, guess, name)
    backward, step = [f"{name}.backward()"], [*clip(dice, unit), f"{unit.optimizer}.step()"]
    return dice.pick(
        [*clearing, *making, *backward, *step],
        [*making, *clearing, *backward, *step],
        [*making, *backward, *step, *clearing],
    )


def looped(dice: Dice, body: Lines, *, counted: bool = False) -> Lines:
    """A loop over the batches, perhaps in a loop over epochs."""
    headers = [
        ("for i, (x, y) in enumerate(batches):", []),
        ("for i in range(len(batches)):", ["x, y = batches[i]"]),
        ("for i in range(10):", ["x = torch.randn(6, 4)", "y = torch.randn(6, 1)"]),
    ]
    if not counted:
        headers += [
            ("for x, y in batches:", []),
            ("for x, y in batches:", []),
            ("for batch in batches:", ["x, y = batch"]),
            ("for _ in range(10):", ["x, y = random.choice(batches)"]),
            ("for x, y in random.sample(batches, len(batches)):", []),
            ("for x, y in zip(*(torch.stack(one) for one in zip(*batches))):", []),
        ]
    header, first = dice.one_of(headers)
    inner = nested(header, [*first, *body])
    if dice.chance(0.5):
        return inner
    return nested("for epoch in range(2):", inner)


def counting_loop(dice: Dice, body: Lines) -> Lines:
    """A `while` loop that ends by its counter."""
    if dice.chance(0.5):
        inner = ["x, y = batches[i]", *body, "i += 1"]
        return ["i = 0", *nested("while i < len(batches):", inner)]
    inner = [*nested("if i == 10:", ["break"]), "x, y = batches[i]", "i += 1", *body]
    return ["i = 0", *nested("while True:", inner)]
