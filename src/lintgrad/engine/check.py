"""One file and some rules to diagnostics: pure, picklable, the unit of parallel work."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lintgrad.engine.diagnostics import Diagnostic, diagnostic, finished
from lintgrad.flow.graph import has_gradient_events
from lintgrad.rule import Finding, Flow, Rule, Unread
from lintgrad.source.load import Unreadable, decode
from lintgrad.source.text import Source

if TYPE_CHECKING:
    from lintgrad.flow.project import Project

_ANALYSED = re.compile(rb"backward|zero_grad|\boptim\b|\boptimizer\b")
"""What a file must mention for any rule about training to have something to say."""
_TRAINING = (b"torch", b"backward")
"""What a file that was found in a folder must mention for a syntax error to be our business."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one file: diagnostics, failures of ours, and how much was understood."""

    path: str
    diagnostics: tuple[Diagnostic, ...] = ()
    failures: tuple[str, ...] = ()
    functions: int = 0
    understood: int = 0
    """How many of the functions hold nothing that was not understood."""
    loops: int = 0
    not_understood: tuple[str, ...] = field(default=())
    merged: int = 0
    """How many functions have more paths than can be kept apart: some were merged."""


def is_relevant(data: bytes) -> bool:
    """Whether a file that was found in a folder is worth reading any further."""
    return any(word in data for word in _TRAINING)


def check_bytes(
    path: str,
    data: bytes,
    rules: Sequence[Rule],
    project: "Project | None" = None,
    same: tuple[tuple[str, str], ...] = (),
) -> Checked:
    """Check the bytes of a file, as one of a project or by itself.

    The pairs are dotted names that the project says to be others, known ones.
    """
    try:
        source = replace(decode(path, data), same=same)
        if not _ANALYSED.search(data) and not (project and project.drives(path, data)):
            from lintgrad.syntax.readable import check_syntax

            check_syntax(source)
            return Checked(path)
        return check_source(source, rules, project)
    except Unreadable as unreadable:
        return Checked(path, tuple(_unread(unreadable, rules)))


def check_source(
    source: Source, rules: Sequence[Rule], project: "Project | None" = None
) -> Checked:
    """Check a source as one of a project, or by itself.

    Raises Unreadable if it is not Python.
    """
    from lintgrad.flow.project import Project

    found: list[Diagnostic] = []
    failures: list[str] = []
    try:
        analysis = (project or Project()).analysed(source)
    except Unreadable:
        raise
    except Exception as error:  # one file of ours must not end the run
        return Checked(source.path, failures=(_failure("the analysis", source.path, error),))
    merged = 0
    for number in analysis.roots:
        flow = Flow(analysis.graphs, number)
        for rule, finding in _findings(flow, rules, source.path, failures):
            found.append(diagnostic(analysis.sources, rule, finding))
        merged += not flow.is_exact
    graphs = [
        analysis.graphs[number]
        for number in analysis.roots
        if has_gradient_events(analysis.graphs, number)
    ]
    return Checked(
        source.path,
        tuple(finished(found)),
        tuple(failures),
        len(graphs),
        sum(not graph.notes for graph in graphs),
        sum(len(graph.loops) for graph in graphs),
        tuple(note.text for graph in graphs for note in graph.notes),
        merged,
    )


def _findings(
    flow: Flow, rules: Iterable[Rule], path: str, failures: list[str]
) -> Iterator[tuple[Rule, Finding]]:
    """What rules find in one function; those that fail add why to the failures."""
    for rule in rules:
        try:
            found = list(rule.check_flow(flow)) if rule.check_flow else []
        except Exception as error:  # one rule of ours must not end the run
            failures.append(_failure(f"rule {rule.code} {rule.name}", path, error))
            continue
        yield from ((rule, finding) for finding in found)


def _unread(unreadable: Unreadable, rules: Iterable[Rule]) -> list[Diagnostic]:
    unread = Unread(unreadable.message, unreadable.span)
    findings: list[tuple[Rule, Finding]] = [
        (rule, finding)
        for rule in rules
        if rule.check_unread is not None
        for finding in rule.check_unread(unread)
    ]
    sources = {unreadable.span.path: unreadable.source}
    return finished(diagnostic(sources, rule, finding) for rule, finding in findings)


def _failure(what: str, path: str, error: Exception) -> str:
    return f"{what} failed on {path}: {type(error).__name__}: {error}"
