"""What came of checking a project: findings, less what its settings and comments silence."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lintgrad.engine.check import Checked
from lintgrad.engine.diagnostics import Diagnostic, diagnostic, fingerprinted, finished
from lintgrad.engine.ignores import Directives, Used, directives_of, silenced, unused
from lintgrad.engine.run import File, check_files, check_given, with_deep_stack
from lintgrad.project.configured import Project
from lintgrad.rule import Severity
from lintgrad.source.repository import called_from, root_above

_MENTIONS = (b"lintgrad:", b"noqa")
"""What a file must hold for any of its comments to ask for silence."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run: the findings to report, and what each file had to say for itself."""

    diagnostics: tuple[Diagnostic, ...]
    results: tuple[Checked, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """What failed of ours."""
        return tuple(failure for result in self.results for failure in result.failures)


def results_of(project: Project, files: Sequence[File], jobs: int) -> Iterator[Checked]:
    """Check files, yielding what came of each as it is done, in no particular order."""
    on_disk = [
        replace(file, same=project.same_names_for(file.path))
        for file in files
        if file.path not in project.given
    ]
    for file in files:
        if file.path in project.given:
            codes = project.selection_for(file.path).codes
            yield _check_given(project, file.path, codes)
    # A finding may lie in another file than the one that is checked, where other rules are on:
    # all that are on anywhere run, and what is off in a finding's own file is dropped later.
    codes = frozenset(c for f in on_disk for c in project.selection_for(f.path).codes)
    yield from check_files(on_disk, [r for r in project.rules if r.code in codes], jobs)


def _check_given(project: Project, path: str, codes: frozenset[str]) -> Checked:
    rules = [rule for rule in project.rules if rule.code in codes]
    same = project.same_names_for(path)
    return with_deep_stack(lambda: check_given(path, project.given[path], rules, same))


def outcome(
    project: Project,
    results: Iterable[Checked],
    wanted: Callable[[Diagnostic], bool] = lambda _: True,
) -> Outcome:
    """What is to be reported of the results: what settings and comments leave and is wanted."""
    done = tuple(results)
    root = root_above(Path.cwd())
    merged = finished(d for result in done for d in result.diagnostics)

    def named(path: str) -> str:
        return called_from(root, path)

    found = [
        one
        for one in fingerprinted(merged, named)
        if one.code in project.selection_for(one.path).codes
    ]
    directives = _directives(project, {*(r.path for r in done), *(d.path for d in found)})
    kept, used = silenced(found, directives, project.rules)
    vain = _unused(project, done, directives, used)
    kept += silenced(fingerprinted(finished(vain), named), directives, project.rules)[0]
    reported = (one for one in kept if _is_reported(project, one) and wanted(one))
    return Outcome(tuple(sorted(reported, key=lambda one: one.order)), done)


def _directives(project: Project, paths: Iterable[str]) -> dict[str, Directives]:
    """The comments that ask for silence, in those files that have any."""
    found = {}
    for path in sorted(paths):
        contents = project.contents(path)
        if contents is not None and any(m in contents.lower() for m in _MENTIONS):
            source = project.source(path)
            found[path] = directives_of(source) if source is not None else Directives()
    return found


def _unused(
    project: Project, results: Iterable[Checked], directives: dict[str, Directives], used: Used
) -> Iterator[Diagnostic]:
    """Diagnostics of comments that silence nothing, in files that could be checked."""
    unread = {rule.code for rule in project.rules if rule.check_unread is not None}
    for result in results:
        source = project.source(result.path) if result.path in directives else None
        if (
            source is None
            or result.failures
            or any(one.code in unread for one in result.diagnostics)
        ):
            continue
        codes = project.selection_for(result.path).codes
        for one in unused(directives[result.path], used, project.rules, codes):
            for rule in project.rules:
                if rule.check_unused is not None and rule.code in codes:
                    for finding in rule.check_unused(one):
                        yield diagnostic({result.path: source}, rule, finding)


def _is_reported(project: Project, one: Diagnostic) -> bool:
    settings = project.settings_for(one.path)
    wanted = (
        one.severity is not Severity.INFO
        or settings.pedantic
        or one.code in project.selection_of(settings).named
    )
    return wanted and one.confidence >= settings.confidence
