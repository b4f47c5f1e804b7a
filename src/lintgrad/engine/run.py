"""Many files checked, in this process or in several."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_all_start_methods, get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lintgrad.engine.check import Checked, check_bytes, is_relevant
from lintgrad.engine.uninterrupted import ENDING, uninterrupted
from lintgrad.rule import Rule, Unread
from lintgrad.source.imports import Modules
from lintgrad.source.text import Source, Span

if TYPE_CHECKING:
    from lintgrad.flow.project import Project

T = TypeVar("T")

_WORTH_A_POOL = 300_000
"""Bytes of training code from which starting more processes pays (on two cores)."""
_STACK = 256 * 1024 * 1024
_DEEPEST_CALLS = 50_000


@dataclass(frozen=True, slots=True)
class File:
    """A file to check; named if the user named it, rather than its folder."""

    path: str
    named: bool
    same: tuple[tuple[str, str], ...] = ()
    """Dotted names that its project says to be others, known ones: pairs."""


@dataclass(frozen=True, slots=True)
class _Work:
    path: str
    data: bytes
    rules: tuple[Rule, ...]
    same: tuple[tuple[str, str], ...]


def check_files(files: Sequence[File], rules: Sequence[Rule], jobs: int) -> Iterator[Checked]:
    """Check files, yielding what came of each as it is done, in no particular order."""
    work: list[_Work] = []
    for file in files:
        try:
            data = Path(file.path).read_bytes()
        except OSError as error:
            yield _cannot_open(file.path, error, rules)
            continue
        if file.named or is_relevant(data):
            work.append(_Work(file.path, data, tuple(rules), file.same))
        else:
            yield Checked(file.path)
    work.sort(key=lambda one: len(one.data), reverse=True)
    if jobs > 1 and len(work) > 1 and sum(len(w.data) for w in work) > _WORTH_A_POOL:
        yield from _in_processes(work, min(jobs, len(work)))
    else:
        yield from _here(work)


def _cannot_open(path: str, error: OSError, rules: Iterable[Rule]) -> Checked:
    """A file that is there and cannot be opened."""
    from lintgrad.engine.diagnostics import diagnostic, finished

    unread = Unread(f"cannot be opened: {error.strerror}", Span(0, 0))
    found = [
        diagnostic({"": Source(path, "")}, rule, finding)
        for rule in rules
        if rule.check_unread is not None
        for finding in rule.check_unread(unread)
    ]
    return Checked(path, tuple(finished(found)))


def _here(work: Iterable[_Work]) -> Iterator[Checked]:
    project = project_on_disk()
    for one in work:
        yield with_deep_stack(lambda one=one: _check(one, project))  # type: ignore[misc]


def project_on_disk() -> "Project":
    """A project whose files are looked for on the disk, next to those that import them."""
    from lintgrad.flow.project import Project

    modules = Modules()
    return Project(modules.find, modules.mentioned, modules.drives, modules.deriving)


def check_given(
    path: str, data: bytes, rules: Sequence[Rule], same: tuple[tuple[str, str], ...]
) -> Checked:
    """Check bytes that are not on disk as if they were, next to the modules that they import."""
    return check_bytes(path, data, rules, project_on_disk(), same)


def _check(work: _Work, project: "Project") -> Checked:
    return check_bytes(work.path, work.data, work.rules, project, work.same)


def with_deep_stack(function: Callable[[], T]) -> T:
    """Call a function in a thread whose stack allows for deeply nested code."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:  # raised again in the caller's thread
            errors.append(error)

    before = threading.stack_size(_STACK), sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(_DEEPEST_CALLS)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before[0])
        sys.setrecursionlimit(before[1])
    if errors:
        raise errors[0]
    return results[0]


_PROJECT: "list[Project]" = []
"""What a worker process has learned of the project: one element, made as the worker starts."""


def _in_worker(work: _Work) -> Checked:
    return with_deep_stack(lambda: _check(work, _PROJECT[0]))


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, end when it ends, and begin to learn of the project."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _PROJECT.append(project_on_disk())


def _end_with_parent() -> None:
    """A parent that is killed cannot end its workers, who would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _in_processes(work: list[_Work], jobs: int) -> Iterator[Checked]:
    import lintgrad.syntax.parse  # noqa: F401  # once, before the fork

    method = "fork" if "fork" in get_all_start_methods() and sys.platform == "linux" else "spawn"
    pool = ProcessPoolExecutor(jobs, get_context(method), _start_worker)
    try:
        yield from _gathered(pool, work)
    except BaseException:
        _kill(pool)
        raise
    pool.shutdown()


def _gathered(pool: Executor, work: list[_Work]) -> Iterator[Checked]:
    with uninterrupted():
        running = {pool.submit(_in_worker, one): one.path for one in work}
    for future in as_completed(running):
        try:
            yield future.result()
        except BrokenProcessPool:
            path = running[future]
            yield Checked(path, failures=(f"a worker process died while it checked {path}",))


def _kill(pool: ProcessPoolExecutor) -> None:
    """End the workers at once; waiting for a large file would keep Ctrl-C waiting."""
    for process in list((pool._processes or {}).values()):
        process.kill()
    pool.shutdown(wait=False, cancel_futures=True)


def available_cores() -> int:
    """How many processes are worth starting here."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
