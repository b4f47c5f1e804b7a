"""What there is to say of a `step` call besides what it does to gradients."""

from collections.abc import Iterator

from lintgrad.flow.closures import Closures
from lintgrad.flow.events import SchedulerStep, StepCall, Unheld
from lintgrad.flow.places import Places
from lintgrad.flow.roles import Roles
from lintgrad.flow.scheduling import Scheduling
from lintgrad.flow.scopes import Scope
from lintgrad.flow.touching import Touching
from lintgrad.flow.unregistered import Unregistered
from lintgrad.syntax.nodes import Call


class Asides:
    """Looks at the steps of one function: of optimizers, and of schedulers."""

    def __init__(self, scope: Scope, places: Places, roles: Roles, touching: Touching) -> None:
        self._closures = Closures(scope, places, roles, touching)
        self._scheduling = Scheduling(scope, places, roles)
        self._unregistered = Unregistered(scope, places, roles)

    def of_step(self, call: Call, receiver: str) -> Iterator[StepCall | Unheld]:
        """What an optimizer is stepped with, and what it was built without."""
        yield from self._closures.events(call, receiver)
        yield from self._unregistered.events(receiver)

    def of_schedule(self, call: Call, receiver: str) -> tuple[SchedulerStep, ...]:
        """What a scheduler's step does."""
        return self._scheduling.step(call, receiver)
