"""Training loops that are wrong in the way of one rule each, in their plainest form."""

from dataclasses import replace

from metamorphic.bases import (
    AUTOCAST,
    CRITERION,
    ENCODER,
    HEAD,
    LOADER,
    NET,
    SCALED_BACKWARD,
    SCALED_SETUP,
    SCALED_STEP,
    SCALER_UPDATE,
    SETUP,
    WINDOW,
    WINDOW_ENDS,
    batches,
    counted,
    epochs,
    program,
    when,
)
from metamorphic.program import Block, Line, Part, lines

_MEAN = NET.forward("{} / window")
_WINDOWED = (*SETUP, WINDOW)
_CLIP = Line(
    "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)",
    Part.OTHER,
    "clip",
    NET.gradients,
    NET.gradients,
)
_SCHEDULER = Line("scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)")
_SCHEDULED = Line(
    "scheduler.step()",
    Part.OTHER,
    "schedule",
    NET.values,
    NET.values,
)
_CARRIED = Line(
    "state = model(state)",
    Part.OTHER,
    "carry",
    reads=NET.values | {"state"},
    writes=frozenset({"state"}),
)
_OF_STATE = Line(
    "loss = criterion(state, y)",
    Part.FORWARD,
    reads=frozenset({"state"}),
    writes=frozenset({"loss"}),
)
_LBFGS = Line("optimizer = torch.optim.LBFGS(model.parameters(), lr=0.01)", Part.BUILD)
_LEAF = Line("w = torch.randn(2, 1, requires_grad=True)")
_OF_LEAF = Line(
    "loss = ((x @ w - y) ** 2).mean()",
    Part.FORWARD,
    reads=frozenset({"w"}),
    writes=frozenset({"loss"}),
)
_BY_LEAF = replace(NET.backward(), reads=frozenset({"w", "loss"}), writes=frozenset({"grad"}))
_REBOUND = Line(
    "w = w - 0.01 * w.grad",
    Part.OTHER,
    "update",
    frozenset({"w", "grad"}),
    frozenset({"w", "grad"}),
)
_THROUGH_BOTH = replace(
    HEAD.forward(),
    text="head_loss = criterion(head(encoder(x)), y)",
    reads=ENCODER.values | HEAD.values,
)
_OF_ENCODER = replace(
    _THROUGH_BOTH,
    text="encoder_loss = criterion(head(encoder(x)), y)",
    writes=frozenset({"encoder_loss"}),
)
_INTO_ENCODER = replace(
    ENCODER.backward(),
    reads=ENCODER.values | HEAD.values | {"encoder_loss"},
    writes=ENCODER.gradients | HEAD.gradients,
)
_INTO_BOTH = replace(
    HEAD.backward(),
    reads=ENCODER.values | HEAD.values | {"head_loss"},
    writes=ENCODER.gradients | HEAD.gradients,
)

FAULTS = (
    program(
        "cleared with every micro-batch",
        _WINDOWED,
        epochs(counted(NET.clear(), _MEAN, NET.backward(), when(WINDOW_ENDS, NET.step()))),
        ("LG103", "clear"),
    ),
    program(
        "detached loss",
        SETUP,
        epochs(batches(NET.clear(), NET.forward("{}.detach()"), NET.backward(), NET.step())),
        ("LG202", "backward"),
    ),
    program(
        "forward without a graph",
        SETUP,
        epochs(
            batches(
                NET.clear(),
                Block("with torch.no_grad():", (NET.forward(),)),
                NET.backward(),
                NET.step(),
            )
        ),
        ("LG203", "backward"),
    ),
    program(
        "backward twice",
        SETUP,
        epochs(
            batches(
                NET.clear(),
                NET.forward(),
                replace(NET.backward(), mark="first backward"),
                NET.backward(),
                NET.step(),
            )
        ),
        ("LG204", "backward"),
    ),
    program(
        "graph over all rounds",
        (*NET.built("2, 2"), CRITERION, LOADER, *lines("state = torch.zeros(4, 2)")),
        batches(NET.clear(), _CARRIED, _OF_STATE, NET.backward(), NET.step()),
        ("LG205", "carry"),
    ),
    program(
        "stepped without gradients",
        SETUP,
        epochs(batches(NET.clear(), NET.forward(), NET.step())),
        ("LG301", "step"),
    ),
    program(
        "never stepped",
        SETUP,
        epochs(batches(NET.clear(), NET.forward(), NET.backward())),
        ("LG302", "backward"),
    ),
    program(
        "scheduled before the step",
        (*SETUP, _SCHEDULER),
        epochs(_SCHEDULED, batches(NET.clear(), NET.forward(), NET.backward(), NET.step())),
        ("LG303", "schedule"),
    ),
    program(
        "LBFGS without a closure",
        (*NET.built()[:1], _LBFGS, CRITERION, LOADER),
        epochs(batches(NET.clear(), NET.forward(), NET.backward(), NET.step())),
        ("LG304", "step"),
    ),
    program(
        "summed, not averaged",
        _WINDOWED,
        epochs(counted(NET.forward(), NET.backward(), when(WINDOW_ENDS, NET.step(), NET.clear()))),
        ("LG401", "backward"),
    ),
    program(
        "stepped and cleared out of phase",
        _WINDOWED,
        epochs(
            counted(
                when("if i % window == 0:", NET.clear()),
                _MEAN,
                NET.backward(),
                when("if i % window == 0:", NET.step()),
            )
        ),
        ("LG403", "clear"),
    ),
    program(
        "clipped before backward",
        SETUP,
        epochs(batches(NET.clear(), NET.forward(), _CLIP, NET.backward(), NET.step())),
        ("LG501", "clip"),
    ),
    program(
        "clipped while scaled",
        SCALED_SETUP,
        epochs(batches(NET.clear(), AUTOCAST, SCALED_BACKWARD, _CLIP, SCALED_STEP, SCALER_UPDATE)),
        ("LG502", "clip"),
    ),
    program(
        "scaler never updated",
        SCALED_SETUP,
        epochs(batches(NET.clear(), AUTOCAST, SCALED_BACKWARD, SCALED_STEP)),
        ("LG503", "step"),
    ),
    program(
        "leaf rebound",
        (_LEAF, LOADER),
        batches(_OF_LEAF, _BY_LEAF, _REBOUND),
        ("LG601", "update"),
    ),
    program(
        "gradients of another loss applied",
        (*ENCODER.built("2, 2"), *HEAD.built(), CRITERION, LOADER),
        epochs(
            batches(
                HEAD.clear(),
                ENCODER.clear(),
                _THROUGH_BOTH,
                _INTO_BOTH,
                HEAD.step(),
                _OF_ENCODER,
                _INTO_ENCODER,
                ENCODER.step(),
            )
        ),
        ("LG701", "step encoder"),
    ),
)
"""One program for each rule that has something to say of plain loops."""
