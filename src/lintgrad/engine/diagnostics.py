"""Findings put into their file: what every report prints."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lintgrad.rule import Confidence, Finding, Related, Rule, Severity, Span
from lintgrad.source.text import Location, Source, spelled

_RULES_PAGE = "https://github.com/lintgrad/lintgrad/blob/main/rules/README.md"


def url_of(code: str, name: str) -> str:
    """Where a rule is documented."""
    return f"{_RULES_PAGE}#{code.lower()}-{name}"


@dataclass(frozen=True, slots=True)
class Range:
    """From a location up to another, which is not part of it."""

    start: Location
    end: Location


@dataclass(frozen=True, slots=True)
class RelatedPlace:
    """Another place that belongs to a diagnostic, and what happens there.

    The number says when it happens; None for places that only explain.
    """

    message: str
    path: str
    range: Range
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding in a file.

    The fingerprint is made of the rule, the path and the text of the place, never of line
    numbers, so that it stays when the code moves.
    """

    path: str
    code: str
    name: str
    severity: Severity
    confidence: Confidence
    message: str
    range: Range
    related: tuple[RelatedPlace, ...] = ()
    help: str | None = None
    text: str = ""
    """The code of the place on one line."""
    fingerprint: str = ""
    unless: tuple[str, ...] = ()
    """Rules that tell the same harm better, if they find something at this place."""

    @property
    def url(self) -> str:
        """Where the rule is documented."""
        return url_of(self.code, self.name)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files it is about, its own first."""
        return tuple(dict.fromkeys((self.path, *(place.path for place in self.related))))

    @property
    def order(self) -> tuple[str, Location, str, str]:
        """What reports sort by."""
        return self.path, self.range.start, self.code, self.message


def diagnostic(sources: Mapping[str, Source], rule: Rule, finding: Finding) -> Diagnostic:
    """A finding of a rule, put into the files it is about, by the paths of their sources."""
    source = sources[finding.span.path]
    return Diagnostic(
        source.path,
        rule.code,
        rule.name,
        finding.severity or rule.severity,
        finding.confidence,
        finding.message,
        _range(source, finding.span),
        tuple(_related(sources, finding)),
        finding.help,
        spelled(source.text, finding.span),
        unless=finding.unless,
    )


def _related(sources: Mapping[str, Source], finding: Finding) -> Iterator[RelatedPlace]:
    told: list[tuple[Related, int | None]] = [(p, n) for n, p in enumerate(finding.story, 1)]
    asides = dict.fromkeys(finding.asides)  # a function that is entered twice has an event twice
    for place, number in [*told, *((aside, None) for aside in asides)]:
        source = sources[place.span.path]
        yield RelatedPlace(place.message, source.path, _range(source, place.span), number)


def _range(source: Source, span: Span) -> Range:
    return Range(source.locate(span.start), source.locate(span.end))


def finished(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics in order, each place told once, with fingerprints.

    Of several findings of one rule at one place the most confident one is kept, and none that
    yields to another rule's.
    """
    best: dict[tuple[str, str, Range, str], Diagnostic] = {}
    for one in found:
        key = (one.path, one.code, one.range, one.message.split(":")[0])
        if key not in best or one.confidence > best[key].confidence:
            best[key] = one
    sure = {(one.path, one.code, one.range): one.confidence for one in best.values()}
    left = [
        one
        for one in best.values()
        if not any(sure.get((one.path, c, one.range), -1) >= one.confidence for c in one.unless)
    ]
    return fingerprinted(sorted(left, key=lambda one: one.order))


def fingerprinted(
    ordered: Iterable[Diagnostic], named: Callable[[str], str] = lambda path: path
) -> list[Diagnostic]:
    """The diagnostics with fingerprints that call their files by other names.

    Of several that are alike, the order tells which is which.
    """
    seen: Counter[str] = Counter()
    result = []
    for one in ordered:
        text = f"{one.code}\0{named(one.path)}\0{one.text}"
        seen[text] += 1
        digest = hashlib.sha256(
            f"{text}\0{seen[text]}".encode(errors="surrogateescape")
        ).hexdigest()[:16]
        result.append(replace(one, fingerprint=digest))
    return result
