"""Runs lintgrad over public repositories and compares with what a person judged.

`python tests/judge_corpus.py FOLDER` expects checkouts of the repositories of
`fixtures/corpus.toml` at their commits, each in `FOLDER/owner+name`. It prints a line a
repository, every finding that nobody judged yet, and every judged one that is gone; the exit
status is 1 if there are any. `fixtures/verdicts.toml` holds the judgements.
"""

import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lintgrad.engine.run import File, available_cores, check_files
from lintgrad.registry import installed_rules
from lintgrad.rule import Confidence, Severity
from lintgrad.source.discover import discover

FIXTURES = Path(__file__).parent.parent / "fixtures"


@dataclass(frozen=True, order=True)
class Place:
    """A finding, as the verdict file names it."""

    path: str
    line: int
    code: str


def repositories() -> dict[str, str]:
    """The repositories with their commits."""
    table = tomllib.loads((FIXTURES / "corpus.toml").read_text(encoding="utf-8"))
    return {entry["repository"]: entry["commit"] for entry in table["corpus"]}


def verdicts() -> list[dict[str, str | int]]:
    """All judgements."""
    table = tomllib.loads((FIXTURES / "verdicts.toml").read_text(encoding="utf-8"))
    return list(table["verdict"])


def judged(repository: str) -> set[Place]:
    """The findings of a repository that were judged."""
    return {
        Place(str(v["path"]), int(v["line"]), str(v["code"]))
        for v in verdicts()
        if v["repository"] == repository
    }


def run(folder: Path) -> Iterator[tuple[str, set[Place], Counter[str]]]:
    """The findings at the default settings and the counts of each repository."""
    rules = installed_rules()
    for repository in repositories():
        root = folder / repository.replace("/", "+")
        if not root.is_dir():
            print(f"{repository}: no checkout in {root}", file=sys.stderr)
            continue
        files = [File(path, named=False) for path in discover([str(root)])]
        counts: Counter[str] = Counter(files=len(files))
        found: set[Place] = set()
        for result in check_files(files, rules, available_cores()):
            counts.update(functions=result.functions, loops=result.loops)
            counts.update(understood=result.understood, failures=len(result.failures))
            for one in result.diagnostics:
                if one.confidence >= Confidence.MEDIUM and one.severity is not Severity.INFO:
                    path = str(Path(one.path).relative_to(root))
                    found.add(Place(path, one.range.start.row, one.code))
        yield repository, found, counts


def main() -> int:
    """Print the comparison."""
    total: Counter[str] = Counter()
    differences = 0
    for repository, found, counts in run(Path(sys.argv[1])):
        total.update(counts)
        total.update(repositories=1, findings=len(found))
        numbers = ", ".join(f"{counts[k]} {k}" for k in ("files", "functions", "loops"))
        print(f"{repository}: {numbers}, {counts['understood']} understood, {len(found)} found")
        known = judged(repository)
        for place in sorted(found - known):
            print(f"  not judged: {place.path}:{place.line} {place.code}")
        for place in sorted(known - found):
            print(f"  gone: {place.path}:{place.line} {place.code}")
        differences += len(found ^ known)
    print(", ".join(f"{n} {what}" for what, n in total.items()))
    return 1 if differences or total["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
