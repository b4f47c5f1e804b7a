"""What there is to say of a `step` call besides what it does to gradients."""

from collections.abc import Iterator

from lintgrad.flow.calls.closures import Closures
from lintgrad.flow.calls.copies import Copies
from lintgrad.flow.calls.scheduling import Scheduling
from lintgrad.flow.calls.touching import Touching
from lintgrad.flow.calls.unregistered import Unregistered
from lintgrad.flow.events import SchedulerStep, StepCall, Unheld
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax.nodes import Call


class Asides:
    """Looks at the steps of one function: of optimizers, and of schedulers."""

    def __init__(self, scope: Scope, places: Places, roles: Roles, touching: Touching) -> None:
        self._closures = Closures(scope, places, roles, touching)
        self._scheduling = Scheduling(scope, places, roles)
        self._unregistered = Unregistered(scope, places, roles)
        self._copies = Copies(scope, places, roles)

    def of_step(self, call: Call, receiver: str) -> Iterator[StepCall | Unheld]:
        """What an optimizer is stepped with, and what it was built without."""
        yield from self._closures.events(call, receiver)
        yield from self._unregistered.events(receiver)
        yield from self._copies.events(call, receiver)

    def of_schedule(self, call: Call, receiver: str) -> tuple[SchedulerStep, ...]:
        """What a scheduler's step does."""
        return self._scheduling.step(call, receiver)
