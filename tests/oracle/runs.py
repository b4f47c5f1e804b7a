"""How the fixtures are run: what no stand-in can guess.

Programs are named as the fixtures name them.
"""

_MISSING = "rules/missing-zero-grad.md: "
_BEFORE = "rules/zero-grad-before-step.md: "
_SHAPES = "rules/nonscalar-backward.md: "
_BY_HAND = "optimizers/by_hand.md: "
_LOSSES = "calls/losses.md: "

_STATES = (
    "[types.SimpleNamespace(model=m, x=torch.randn(6, 3),"
    " optimizer=torch.optim.SGD(m.parameters(), lr=0.1))"
    " for m in (torch.nn.Linear(3, 1), torch.nn.Linear(3, 1), torch.nn.Linear(3, 1))]"
)
_DESCENT = "torch.optim.SGD(model.parameters(), lr=0.1)"
_LAYER = "torch.nn.Linear(8, 1)"
_PAIRS = "[(torch.randn(6, 3), torch.randn(6)) for _ in range(4)]"
_ROWS = "[torch.randn(6, 3) for _ in range(4)]"
_THREE_INPUTS = "torch.nn.Linear(3, 1)"
_ONE_STATE = {
    "critic": "torch.nn.Linear(8, 3)",
    "state": "torch.randn(1, 8)",
    "action": "1",
    "goal": "torch.tensor(0.5)",
}

VALUES: dict[str, dict[str, str]] = {
    _MISSING + "One of two optimizers of a class": {"actor": "torch.nn.Linear(8, 8)"},
    _MISSING + "Popped from a queue": {"queue": _STATES},
    _MISSING + "A chain of nodes": {
        "node": "functools.reduce(lambda last, one:"
        f" (setattr(one, 'next', last), one)[1], {_STATES}, None)",
    },
    _MISSING + "The model is replaced at the end of the round": {
        "model": "type('Net', (torch.nn.Linear,),"
        " {'__init__': lambda self: torch.nn.Linear.__init__(self, 8, 1)})()",
        "initial": "model.state_dict()",
    },
    _MISSING + "The model clears in its forward": {
        "loader": "[torch.randn(6, 3) for _ in range(4)]",
    },
    _MISSING + "Callbacks run around the batch": {
        "callbacks": "[types.SimpleNamespace(before_batch=lambda t: t.optimizer.zero_grad())]",
    },
    _MISSING + "Two leaves cleared in one assignment": {
        "loader": "[torch.randn(3) for _ in range(4)]",
    },
    _MISSING + "New gradients instead of a clearing": {"direction": "torch.sin"},
    _MISSING + "Two lists of optimizers, unpacked into one": {
        "model": _LAYER,
        "own": f"[{_DESCENT}]",
        "theirs": "[]",
    },
    _MISSING + "Optimizers that may be missing": {
        "model": _LAYER,
        "main": _DESCENT,
        "extra": "None",
    },
    _SHAPES + "Masked mean": {
        "logits": "torch.randn(6, 4, requires_grad=True)",
        "labels": "torch.randint(0, 4, (6,))",
        "mask": "torch.ones(6)",
    },
    _SHAPES + "Reduced under the same name": {"weights": "torch.rand(6)"},
    _SHAPES + "The reduction is a variable": {"reduction": "'mean'"},
    _SHAPES + "One sample without a batch": {"model": "torch.nn.Linear(8, 4)"},
    _SHAPES + "One element picked by two indices": _ONE_STATE,
    _SHAPES + "One value is picked before the loss": _ONE_STATE,
    _BEFORE + "Gradients are kept, cleared, and put back": {
        "tasks": "[[(torch.randn(6, 8), torch.randn(6, 1))] for _ in range(3)]",
    },
    _BEFORE + "A short circuit decides": {"keep": "['0.weight']"},
    _BEFORE + "A mask is cleared": {
        "model": _LAYER,
        "masks": "[torch.rand_like(p) > 0.5 for p in model.parameters()]",
    },
    _BEFORE + "A conditional expression keeps or clears": {"keep": "['0.weight']"},
    _BEFORE + "Gradients are cut out of one long vector": {"project": "torch.tanh"},
    _BY_HAND + "A fresh leaf by way of Variable": {
        "image": "torch.rand(6, 8)",
        "label": "torch.randn(6, 1)",
        "n": "3",
    },
    _BY_HAND + "One update": {"x": "torch.randn(3)"},
    _BY_HAND + "An attribute that is never cleared": {"loader": _PAIRS},
    _BY_HAND + "A helper is handed the leaves, and clears nothing": {"loader": _PAIRS},
    _BY_HAND + "A helper is handed a list with a name, or a model's parameters": {
        "model": _THREE_INPUTS,
        "loader": _ROWS,
    },
    _BY_HAND + "A helper is handed the leaves, and someone clears them": {
        "model": _THREE_INPUTS,
        "loader": _PAIRS,
    },
    _BY_HAND + "A helper takes gradients that were computed apart": {
        "model": _THREE_INPUTS,
        "loader": _ROWS,
    },
}
"""Expressions for parameters; each may use the ones before it."""

ENDS_BY = {"StopIteration"}
"""Exceptions that are a program's own way to end."""
