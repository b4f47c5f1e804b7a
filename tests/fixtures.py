"""Fixtures: files that lintgrad can read, with expectations in the line they are about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lintgrad.engine.check import check_source
from lintgrad.engine.diagnostics import Diagnostic, finished
from lintgrad.engine.run import File, check_files
from lintgrad.registry import installed_rules
from lintgrad.rule import Severity
from lintgrad.source.text import Source

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"

_EXPECT = re.compile(r"#\s*expect:\s*(?P<items>.+)$")
_ITEM = re.compile(r'(?P<code>LG\d+)(?:\s+(?P<level>high|medium|low))?(?:\s+"(?P<text>[^"]+)")?')
_HEADING = re.compile(r"^#{2,}\s+(?P<title>.+)$")


@dataclass(frozen=True)
class Expectation:
    row: int
    code: str
    level: str | None
    text: str | None

    def is_met_by(self, found: Diagnostic) -> bool:
        return (
            found.range.start.row == self.row
            and found.code == self.code
            and (self.level is None or self.level == str(found.confidence))
            and (self.text is None or self.text in found.message)
        )


@dataclass(frozen=True)
class Program:
    """One program of a fixture, with empty lines before it so that rows are the file's own."""

    name: str
    text: str
    prose: str = ""
    """What is written above it: the paragraphs under its heading, or a script's comments."""

    @property
    def expectations(self) -> list[Expectation]:
        return list(_expectations(self.text))

    def wants(self, one: Diagnostic) -> bool:
        """Whether a finding counts: one that depends on intent, in its rule's own fixtures only."""
        return one.severity is not Severity.INFO or f"{one.name}.md" in self.name

    def diagnostics(self) -> list[Diagnostic]:
        """What lintgrad finds, down to the least confidence."""
        checked = check_source(Source(self.name, self.text), installed_rules())
        assert checked.failures == ()
        for one in checked.diagnostics:
            asides = [place for place in one.related if place.number is None]
            assert len(asides) == len(set(asides)), "one place is told twice"
        return [one for one in checked.diagnostics if self.wants(one)]

    def mismatches(self) -> list[str]:
        """Every difference between what is expected and what is found, both ways."""
        return mismatches(self, self.diagnostics())


def mismatches(program: Program, found: list[Diagnostic]) -> list[str]:
    """Every difference between what a program expects and what is found in it, both ways."""
    wanted = program.expectations
    missed = [e for e in wanted if not any(e.is_met_by(one) for one in found)]
    extra = [one for one in found if not any(e.is_met_by(one) for e in wanted)]
    return [f"missed alarm: {program.name} {e}" for e in missed] + [
        f"false alarm: {program.name} row {one.range.start.row} {one.code} {one.confidence} "
        f"{one.message}"
        for one in extra
    ]


def _expectations(text: str) -> Iterator[Expectation]:
    for row, line in enumerate(text.splitlines(), 1):
        match = _EXPECT.search(line)
        if match is None:
            continue
        about = row + 1 if line.lstrip().startswith("#") else row
        items = list(_ITEM.finditer(match["items"]))
        assert items, f"row {row}: no rule in {line!r}"
        for item in items:
            yield Expectation(about, item["code"], item["level"], item["text"])


def scripts() -> list[Program]:
    """The whole training scripts."""
    found = sorted((FIXTURES / "loops").glob("*.py"))
    return [_script(path) for path in found]


def _script(path: Path) -> Program:
    text = path.read_text(encoding="utf-8")
    comments = (line.removeprefix("# ") for line in text.splitlines() if line.startswith("# "))
    return Program(str(path.relative_to(FIXTURES)), text, "\n".join(comments))


LITERATE = ("rules", "calls", "optimizers", "frameworks")
"""Folders of literate fixtures: Markdown, one program a heading."""


def sections(*folders: str) -> list[Program]:
    """The programs of the literate fixtures in some folders, or in all of them."""
    return [
        program
        for folder in folders or LITERATE
        for path in sorted((FIXTURES / folder).glob("*.md"))
        for program in _sections_of(path)
    ]


def _sections_of(path: Path) -> Iterator[Program]:
    title, inside = "", False
    prose: list[str] = []
    code: list[str] = []
    for row, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        heading = _HEADING.match(line)
        if heading is not None and not inside:
            title, prose = heading["title"], []
        elif line.startswith("```python"):
            inside, code = True, [""] * row
        elif line.startswith("```") and inside:
            inside = False
            name = f"{path.parent.name}/{path.name}: {title}"
            yield Program(name, "\n".join(code) + "\n", "\n".join(prose))
        elif inside:
            code.append(line)
        else:
            prose.append(line)


def programs() -> list[Program]:
    return [*scripts(), *sections()]


@dataclass(frozen=True)
class Project:
    """A small package: every Python file of it is named on the command line."""

    folder: Path

    @property
    def programs(self) -> list[Program]:
        """Its files, each with the expectations in its own lines."""
        paths = sorted(self.folder.rglob("*.py"))
        return [Program(str(path), path.read_text(encoding="utf-8")) for path in paths]

    def mismatches(self) -> list[str]:
        """Every difference between what is expected and what is found, both ways."""
        files = [File(program.name, named=True) for program in self.programs]
        rules = tuple(r for r in installed_rules() if r.severity is not Severity.INFO)
        results = list(check_files(files, rules, 1))
        assert [failure for result in results for failure in result.failures] == []
        found = finished(one for result in results for one in result.diagnostics)
        return [
            line
            for program in self.programs
            for line in mismatches(program, [one for one in found if one.path == program.name])
        ]


def projects() -> list[Project]:
    """The small packages whose files belong together."""
    folders = sorted(path for path in (FIXTURES / "projects").iterdir() if path.is_dir())
    return [Project(folder) for folder in folders]
