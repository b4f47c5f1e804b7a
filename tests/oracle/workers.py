"""Several programs at once: worker processes, each with an oracle of its own."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from oracle.runner import Oracle, shared

Given = TypeVar("Given")
Made = TypeVar("Made")


class Workers:
    """Processes that share the work."""

    def __init__(self, jobs: int) -> None:
        """Start so many."""
        self._pool = multiprocessing.get_context("spawn").Pool(jobs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self._pool.close()
        self._pool.join()

    def each(self, work: Callable[[Given, Oracle], Made], given: Iterable[Given]) -> Iterator[Made]:
        """What the work makes of each thing and an oracle, in the order of the things."""
        return self._pool.imap(partial(_asked, work), given)


def _asked(work: Callable[[Given, Oracle], Made], given: Given) -> Made:
    return work(given, shared())
