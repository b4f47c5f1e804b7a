"""`step` is called with something that cannot do what a closure is for.

`LBFGS` evaluates the model several times in one step, so it has to be given a function that clears
the gradients, runs backward and returns the loss. What torch 2.13 does otherwise:

- `LBFGS.step()` raises `TypeError: LBFGS.step() missing 1 required positional argument: 'closure'`.
- `step(closure())` and `step(loss)` raise `TypeError: 'Tensor' object is not callable`, whatever
  the optimizer: the closure is to be handed over, not to be called.
- A closure of `LBFGS` that returns nothing raises `TypeError: float() argument must be a string or
  a real number, not 'NoneType'`. Other optimizers do without the loss.
- A closure that clears and runs no backward leaves nothing to apply: no parameter changes, and
  nothing says so. Neither does one of `LBFGS` that only computes the loss, if nothing else in
  sight runs a backward.
- A closure of `LBFGS` that leaves the clearing to the code around it adds up the gradients of all
  evaluations in a step: a loss of 1.8e10 where 0.0023 was due.

A closure that never clears where nothing else does is LG101, and one that clears after its
backward is LG102.

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.LBFGS(model.parameters())


def closure():
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()


optimizer.step(closure)
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.LBFGS(model.parameters())


def closure():
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    return loss


optimizer.step(closure)
```

## Known limits
Only torch's own optimizers are judged, where their construction is in sight, and only closures in
sight. That one runs no backward is said only of closures that call nothing but torch, the model and
functions of the project.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.optim.LBFGS.html
- https://docs.pytorch.org/docs/2.13/optim.html#optimizer-step-closure
"""

from collections.abc import Iterator

from lintgrad.flow.events import Backward, Given, StepCall
from lintgrad.rule import Category, Confidence, Finding, Flow, Severity, rule

_SEVERAL_TIMES = "torch.optim.LBFGS"

_HELP = "hand over a function that clears the gradients, runs backward and returns the loss"


@rule(code="LG304", category=Category.STEPPING, severity=Severity.ERROR, docs=__doc__)
def closure_misuse(flow: Flow) -> Iterator[Finding]:
    """Find steps that are given no closure where one is needed, or one that cannot work."""
    backwards = any(flow.events(Backward))
    for step in flow.events(StepCall):
        harm = _harm(step, backwards=backwards)
        if harm is not None:
            yield Finding(step.span, harm, Confidence.HIGH, help=_HELP, unless=("LG101",))


def _harm(step: StepCall, *, backwards: bool) -> str | None:
    """What is wrong with a step, in a function with or without a backward anywhere in sight."""
    evaluates = step.kind == _SEVERAL_TIMES
    match step.given:
        case Given.NOTHING if evaluates:
            return f"`{step.optimizer}` is an LBFGS: its step needs a closure"
        case Given.RESULT:
            return f"`{step.optimizer}.step` gets the loss: the closure is called before it"
        case Given.TENSOR:
            return f"`{step.optimizer}.step` gets a tensor where it takes a closure"
        case Given.FUNCTION if step.idle and (step.clears or (evaluates and not backwards)):
            return f"`{step.optimizer}` has nothing to apply: its closure runs no backward"
        case Given.FUNCTION if evaluates and not step.returns:
            return f"`{step.optimizer}` is an LBFGS: its closure has to return the loss"
        case Given.FUNCTION if evaluates and step.gathers:
            return f"`{step.optimizer}` is an LBFGS: its closure runs again and has to clear"
    return None
