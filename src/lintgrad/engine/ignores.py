"""Comments that ask for silence: which findings they silence, and which silence nothing."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from lintgrad.engine.diagnostics import Diagnostic
from lintgrad.errors import nearest
from lintgrad.rule import Rule, Unused
from lintgrad.source.comments import Comment, Layout, Rows, layout_of
from lintgrad.source.text import Source

MEANT_BY_ACCUMULATES = ("LG101",)
"""What is no mistake in a loop whose gradients are meant to pile up."""

UNUSED_IGNORE = "LG902"
"""The rule that reports comments which silence nothing: an ignore of it is never unused."""

OWN = re.compile(r"#\s*lintgrad:\s*(?P<verb>[\w-]*)\s*(?:\[(?P<names>[^\]]*)\])?", re.IGNORECASE)
"""A comment of lintgrad's own."""
_NOQA = re.compile(r"#\s*noqa:\s*(?P<codes>[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*)", re.IGNORECASE)
_MENTIONS = re.compile(r"#[^#\n]*(lintgrad:|noqa)", re.IGNORECASE)


class Verb(Enum):
    """What a comment asks for."""

    IGNORE = "ignore"
    IGNORE_FILE = "ignore-file"
    ACCUMULATES = "accumulates"
    NOQA = "noqa"
    """Other linters' way of saying it, which means the statement alone."""


@dataclass(frozen=True, slots=True)
class Directive:
    """A comment that asks for silence about some rules."""

    verb: Verb
    names: tuple[str, ...]
    comment: Comment

    def covers(self, one: Diagnostic) -> bool:
        """Whether it speaks of the place where a diagnostic of its file is."""
        row = one.range.start.row
        statement, loop = self.comment.statement, self.comment.loop
        match self.verb:
            case Verb.IGNORE_FILE:
                return True
            case Verb.ACCUMULATES:
                return loop is not None and _happens_in(loop, one)
            case Verb.IGNORE:
                return any(rows is not None and row in rows for rows in (statement, loop))
            case Verb.NOQA:
                return statement is not None and row in statement


def _happens_in(loop: Rows, one: Diagnostic) -> bool:
    """Whether all of a diagnostic's story that is told in its own file lies in a loop."""
    told = [p.range.start.row for p in one.related if p.number is not None and p.path == one.path]
    return all(row in loop for row in (*told, one.range.start.row))


@dataclass(frozen=True, slots=True)
class Directives:
    """The comments of one source that ask for silence, and those that try to in vain."""

    valid: tuple[Directive, ...] = ()
    malformed: tuple[Unused, ...] = ()


def directives_of(source: Source) -> Directives:
    """The comments of a source that ask for silence."""
    if not _MENTIONS.search(source.text):
        return Directives()
    found = [_read(comment) for comment in _comments(layout_of(source))]
    return Directives(
        tuple(d for one in found for d in one if isinstance(d, Directive)),
        tuple(d for one in found for d in one if isinstance(d, Unused)),
    )


def _comments(layout: Layout) -> Iterator[Comment]:
    return (c for c in layout.comments if _MENTIONS.search(c.text))


def _read(comment: Comment) -> list[Directive | Unused]:
    found: list[Directive | Unused] = []
    found += [_own(own, comment) for own in OWN.finditer(comment.text)]
    noqa = _NOQA.search(comment.text)
    if noqa is not None and not comment.above:
        codes = tuple(dict.fromkeys(re.split(r"[\s,]+", noqa["codes"].upper())))
        found.append(Directive(Verb.NOQA, codes, comment))
    return found


def _own(match: re.Match[str], comment: Comment) -> Directive | Unused:
    verbs = {verb.value: verb for verb in Verb if verb is not Verb.NOQA}
    word = match["verb"].lower()
    written = (match["names"] or "").split(",")
    names = tuple(dict.fromkeys(name.strip() for name in written if name.strip()))
    match verbs.get(word):
        case None:
            hint = nearest(word, verbs)
            return Unused(f"`lintgrad: {word}` is not understood{hint}", comment.span)
        case Verb.ACCUMULATES:
            if comment.loop is None:
                return Unused("`accumulates` does not stand on a loop", comment.span)
            return Directive(Verb.ACCUMULATES, MEANT_BY_ACCUMULATES, comment)
        case verb:
            if not names:
                return Unused(f"`{word}` names no rule, as in `{word}[LG101]`", comment.span)
            return Directive(verb, names, comment)


Used = frozenset[tuple[Directive, str]]
"""Comments with those of their names that have silenced something."""


def silenced(
    found: Iterable[Diagnostic], directives: Mapping[str, Directives], rules: Sequence[Rule]
) -> tuple[list[Diagnostic], Used]:
    """The diagnostics that no comment silences, and the comments that silenced others.

    The directives are those of the files that diagnostics are in, by path.
    """
    by_code = {rule.code: rule for rule in rules}
    kept: list[Diagnostic] = []
    used: set[tuple[Directive, str]] = set()
    for one in found:
        matched = {
            (directive, name)
            for directive in directives.get(one.path, Directives()).valid
            for name in directive.names
            if by_code[one.code].answers_to(name) and directive.covers(one)
        }
        used |= matched
        if not matched:
            kept.append(one)
    return kept, frozenset(used)


def unused(
    directives: Directives, used: Used, rules: Sequence[Rule], run: frozenset[str]
) -> Iterator[Unused]:
    """What the comments of one source ask for in vain, given the codes of the rules that ran."""
    yield from directives.malformed
    for directive in directives.valid:
        for name in directive.names:
            if (directive, name) in used:
                continue
            meant = {rule.code for rule in rules if rule.answers_to(name)}
            if not meant and directive.verb is not Verb.NOQA:
                known = [known for rule in rules for known in (rule.code, rule.name)]
                hint = nearest(name, known)
                yield Unused(f"unknown rule `{name}`{hint}", directive.comment.span)
            elif meant and meant <= run and meant != {UNUSED_IGNORE}:
                yield Unused(_said(directive, name), directive.comment.span)


def _said(directive: Directive, name: str) -> str:
    match directive.verb:
        case Verb.ACCUMULATES:
            return "`accumulates` silences nothing: no gradients pile up in this loop"
        case Verb.NOQA:
            return f"`noqa: {name}` silences nothing"
        case verb:
            return f"`{verb.value}[{name}]` silences nothing"
