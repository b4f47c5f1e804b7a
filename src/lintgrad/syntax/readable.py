"""Whether a source is Python at all; Python's own parser says so, which costs little."""

import ast
import warnings

from lintgrad.source.load import Unreadable
from lintgrad.source.text import Source, Span


def check_syntax(source: Source) -> ast.Module:
    """Python's own syntax tree of a source.

    Raises Unreadable with Python's message if there is none.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the user's invalid escapes are not our output
            return ast.parse(source.text)
    except SyntaxError as error:
        raise Unreadable(f"syntax error: {error.msg}", _place_of(error, source), source) from None
    except (RecursionError, MemoryError):
        raise Unreadable("nested too deeply to be read", Span(0, 0), source) from None
    except ValueError as error:  # a NUL byte, before Python 3.12
        raise Unreadable(str(error), Span(0, 0), source) from None


def _place_of(error: SyntaxError, source: Source) -> Span:
    row, column = error.lineno or 1, error.offset or 1
    start = source.offset_of_row(row) + max(column - 1, 0)
    return Span(start, start)
