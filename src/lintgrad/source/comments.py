"""The comments of a source, and the rows of the statements and loops they stand in."""

import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from lintgrad.source.text import Source, Span

_LAYOUT = frozenset({tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT})


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a file from the first to the last, both included."""

    first: int
    last: int

    def __contains__(self, row: int) -> bool:
        return self.first <= row <= self.last


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with what it speaks of."""

    span: Span
    text: str
    statement: Rows | None
    """The simple statement, or the header of the compound one, that it stands in or above."""
    loop: Rows | None
    """The whole loop, if that is the header of one."""
    above: bool = False
    """Whether it stands above the statement, in rows of its own."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What can be told of a source by its tokens alone, as far as it can be read."""

    comments: tuple[Comment, ...]
    statements: tuple[Rows, ...]
    """Simple statements and headers of compound ones, in order."""

    def statement_at(self, row: int) -> Rows | None:
        """The statement or header that a row belongs to."""
        return next((rows for rows in self.statements if row in rows), None)


@dataclass
class _Line:
    """A logical line while it is read: comments may stand above it, and inside."""

    comments: list[tokenize.TokenInfo]
    first: int = 0
    words: str = ""


def layout_of(source: Source) -> Layout:
    """The comments and statements of a source."""
    lines, loops = _logical_lines(source)
    comments = []
    statements = []
    for line, rows in lines:
        if rows is not None:
            statements.append(rows)
        for token in line.comments:
            start = source.offset_of_row(token.start[0]) + token.start[1]
            span = Span(start, start + len(token.string), source.path)
            loop = loops.get(rows.first) if rows is not None else None
            above = rows is None or token.start[0] < rows.first
            comments.append(Comment(span, token.string, rows, loop, above))
    return Layout(tuple(comments), tuple(statements))


def _logical_lines(
    source: Source,
) -> tuple[list[tuple[_Line, Rows | None]], dict[int, Rows]]:
    """The logical lines with their rows, and the rows of every loop by its first."""
    lines: list[tuple[_Line, Rows | None]] = []
    loops: dict[int, Rows] = {}
    open_loops: list[int | None] = []  # one for every indented block, None if it is no loop's
    line, last = _Line([]), 0
    for token in _tokens(source):
        match token.type:
            case tokenize.COMMENT:
                line.comments.append(token)
            case tokenize.INDENT:
                header = lines[-1] if lines else None
                open_loops.append(header[0].first if header and _is_loop(header[0]) else None)
            case tokenize.DEDENT:
                first = open_loops.pop() if open_loops else None
                if first is not None:
                    loops[first] = Rows(first, last)
            case tokenize.NEWLINE | tokenize.ENDMARKER if line.first:
                last = token.start[0] if token.type == tokenize.NEWLINE else last
                if _is_loop(line):  # until its block is read, and for good if it has no other
                    loops[line.first] = Rows(line.first, last)
                lines.append((line, Rows(line.first, last)))
                line = _Line([])
            case kind if kind not in _LAYOUT and kind != tokenize.ENDMARKER:
                line.first = line.first or token.start[0]
                line.words += f"{token.string} " if len(line.words) < len("async for ") else ""
    if line.comments:
        rows = Rows(line.first, max(last, line.first)) if line.first else None
        lines.append((line, rows))
    return lines, loops


def _is_loop(line: _Line) -> bool:
    return line.words.startswith(("for ", "while ", "async for "))


def _tokens(source: Source) -> Iterator[tokenize.TokenInfo]:
    """The tokens of a source up to where it is no Python any more."""
    row = 0

    def next_line() -> str:
        nonlocal row
        row += 1
        # Rows are counted as Source does, whatever ends a line.
        return f"{source.line(row)}\n" if row <= source.rows else ""

    try:
        yield from tokenize.generate_tokens(next_line)
    except (tokenize.TokenError, SyntaxError):
        return
