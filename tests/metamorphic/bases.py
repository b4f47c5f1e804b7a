"""Training loops that are right and training loops that are wrong, in their plainest form."""

from dataclasses import dataclass, replace

from metamorphic.program import Block, Kind, Line, Module, Node, Part, Program, Suite, lines

WINDOW_ENDS = "if (i + 1) % window == 0:"


@dataclass(frozen=True)
class Net:
    """A model with its optimizer, and what they are called."""

    model: str = "model"
    optimizer: str = "optimizer"
    loss: str = "loss"

    @property
    def gradients(self) -> frozenset[str]:
        return frozenset({f"gradients of {self.optimizer}"})

    @property
    def values(self) -> frozenset[str]:
        return frozenset({f"values of {self.optimizer}"})

    def mark(self, what: str) -> str:
        return what if self == NET else f"{what} {self.model}"

    def built(self, sizes: str = "2, 1") -> Suite:
        make = f"{self.optimizer} = torch.optim.SGD({self.model}.parameters(), lr=0.01)"
        return (Line(f"{self.model} = torch.nn.Linear({sizes})"), Line(make, Part.BUILD))

    def clear(self) -> Line:
        text = f"{self.optimizer}.zero_grad()"
        return Line(text, Part.CLEAR, self.mark("clear"), writes=self.gradients)

    def forward(self, value: str = "{}") -> Line:
        text = f"{self.loss} = {value.format(f'criterion({self.model}(x), y)')}"
        return Line(text, Part.FORWARD, reads=self.values, writes=frozenset({self.loss}))

    def backward(self) -> Line:
        read = self.values | {self.loss}
        text = f"{self.loss}.backward()"
        return Line(text, Part.BACKWARD, self.mark("backward"), read, self.gradients)

    def step(self) -> Line:
        text = f"{self.optimizer}.step()"
        return Line(text, Part.STEP, self.mark("step"), self.gradients, self.values)


NET = Net()
ENCODER = Net("encoder", "encoder_optimizer", "encoder_loss")
HEAD = Net("head", "head_optimizer", "head_loss")

CRITERION = Line("criterion = torch.nn.MSELoss()")
VECTOR_CRITERION = Line('criterion = torch.nn.MSELoss(reduction="none")')
WINDOW = Line("window = 3")
LOADER = Line("loader = [(torch.randn(4, 2), torch.randn(4, 1)) for _ in range(6)]")
SETUP = (*NET.built(), CRITERION, LOADER)
TWO = (*ENCODER.built(), *HEAD.built(), CRITERION, LOADER)

RECORDED = Line("history.append(loss.item())", reads=frozenset({"loss"}))
SUMMED = replace(RECORDED, text="total += loss.item()", writes=frozenset({"total"}))

_SCALE = frozenset({"scale"})
SCALED_BACKWARD = replace(
    NET.backward(), text="scaler.scale(loss).backward()", reads=NET.backward().reads | _SCALE
)
SCALED_STEP = replace(NET.step(), text="scaler.step(optimizer)", reads=NET.step().reads | _SCALE)
SCALER_UPDATE = Line("scaler.update()", Part.STEP, writes=_SCALE)
AUTOCAST = Block('with torch.autocast("cpu", dtype=torch.bfloat16):', (NET.forward(),))
SCALED_SETUP = (*SETUP, Line('scaler = torch.amp.GradScaler("cpu")'))

JOINT_FORWARD = Line(
    "loss = criterion(head(x) + encoder(x), y)",
    Part.FORWARD,
    reads=ENCODER.values | HEAD.values,
    writes=frozenset({"loss"}),
)
JOINT_BACKWARD = replace(
    NET.backward(),
    reads=ENCODER.values | HEAD.values | {"loss"},
    writes=ENCODER.gradients | HEAD.gradients,
)


def epochs(*body: Node) -> Block:
    return Block("for epoch in range(2):", body, Kind.LOOP)


def batches(*body: Node) -> Block:
    return Block("for x, y in loader:", body, Kind.LOOP)


def counted(*body: Node) -> Block:
    return Block("for i, (x, y) in enumerate(loader):", body, Kind.LOOP)


def when(test: str, *body: Node) -> Block:
    return Block(test, body, Kind.GUARD)


def program(name: str, setup: Suite, loop: Node, *wrong: tuple[str, str]) -> Program:
    return Program(name, Module("train", (*setup, loop)), frozenset(wrong))


_MEAN = NET.forward("{} / window")
_WINDOWED = (*SETUP, WINDOW)
_BOTH_STEPS = (ENCODER.step(), HEAD.step())

RIGHT = (
    program(
        "cleared first",
        (*SETUP, *lines("history = []")),
        batches(NET.clear(), NET.forward(), NET.backward(), NET.step(), RECORDED),
    ),
    program(
        "cleared last",
        (*SETUP, *lines("total = 0.0")),
        epochs(batches(NET.forward(), NET.backward(), SUMMED, NET.step(), NET.clear())),
    ),
    program(
        "accumulated over a window",
        _WINDOWED,
        epochs(counted(_MEAN, NET.backward(), when(WINDOW_ENDS, NET.step(), NET.clear()))),
    ),
    program(
        "accumulated over an epoch",
        SETUP,
        epochs(
            NET.clear(),
            batches(NET.forward("{} / len(loader)"), NET.backward()),
            NET.step(),
        ),
    ),
    program(
        "two optimizers, both cleared",
        TWO,
        epochs(
            batches(
                ENCODER.clear(),
                HEAD.clear(),
                ENCODER.forward(),
                HEAD.forward(),
                ENCODER.backward(),
                HEAD.backward(),
                *_BOTH_STEPS,
            )
        ),
    ),
    program(
        "scaled",
        SCALED_SETUP,
        epochs(batches(NET.clear(), AUTOCAST, SCALED_BACKWARD, SCALED_STEP, SCALER_UPDATE)),
    ),
    program(
        "reduced by hand",
        (*NET.built(), VECTOR_CRITERION, LOADER),
        batches(NET.forward("{}.mean()"), NET.clear(), NET.backward(), NET.step()),
    ),
)

WRONG = (
    program(
        "never cleared",
        SETUP,
        epochs(batches(NET.forward(), NET.backward(), NET.step())),
        ("LG101", "step"),
    ),
    program(
        "cleared before the step",
        (*SETUP, *lines("history = []")),
        batches(NET.forward(), NET.backward(), RECORDED, NET.clear(), NET.step()),
        ("LG102", "step"),
    ),
    program(
        "cleared once an epoch",
        SETUP,
        epochs(NET.clear(), batches(NET.forward(), NET.backward(), NET.step())),
        ("LG101", "step"),
    ),
    program(
        "cleared once a window, stepped each time",
        _WINDOWED,
        epochs(counted(_MEAN, NET.backward(), NET.step(), when(WINDOW_ENDS, NET.clear()))),
        ("LG101", "step"),
    ),
    program(
        "cleared when the window is full, then stepped",
        _WINDOWED,
        epochs(
            counted(
                _MEAN,
                NET.backward(),
                when("if i % window == window - 1:", NET.clear()),
                when(WINDOW_ENDS, NET.step()),
            )
        ),
        ("LG102", "step"),
    ),
    program(
        "cleared under a guard that is never true",
        _WINDOWED,
        epochs(
            counted(
                when("if i % window == window:", NET.clear()),
                _MEAN,
                NET.backward(),
                when(WINDOW_ENDS, NET.step()),
            )
        ),
        ("LG101", "step"),
    ),
    program(
        "two optimizers, one forgotten",
        TWO,
        epochs(batches(ENCODER.clear(), JOINT_FORWARD, JOINT_BACKWARD, *_BOTH_STEPS)),
        ("LG101", "step head"),
    ),
    program(
        "scaled, never cleared",
        SCALED_SETUP,
        epochs(batches(AUTOCAST, SCALED_BACKWARD, SCALED_STEP, SCALER_UPDATE)),
        ("LG101", "step"),
    ),
    program(
        "unreduced loss",
        (*NET.built(), VECTOR_CRITERION, LOADER),
        epochs(batches(NET.clear(), NET.forward(), NET.backward(), NET.step())),
        ("LG201", "backward"),
    ),
)
