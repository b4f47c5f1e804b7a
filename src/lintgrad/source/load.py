"""Bytes to a Source, decoded as Python decodes its own files."""

import io
import tokenize
from dataclasses import dataclass

from lintgrad.source.text import Source, Span


@dataclass(frozen=True)
class Unreadable(Exception):
    """Why a file cannot be analysed, and where in which text."""

    message: str
    span: Span
    source: Source


def decode(path: str, data: bytes) -> Source:
    """The source in a file's bytes, by its encoding declaration and without its byte order mark.

    Raises Unreadable for a NUL byte, an unknown encoding, or bytes that are not in it.
    """
    nul = data.find(b"\0")
    if nul >= 0:
        raise _at(path, data, nul, "not Python text: it contains a NUL byte")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:  # Python's way of saying that the declaration is wrong
        raise _at(path, data, 0, f"cannot be decoded: {error.msg}") from None
    try:
        text = data.decode(encoding)
    except LookupError:  # a codec, but not one of texts
        raise _at(path, data, 0, f"cannot be decoded: {encoding} is no text encoding") from None
    except UnicodeDecodeError as error:
        what = f"cannot be decoded as {encoding}: {error.reason} {data[error.start]:#04x}"
        raise _at(path, data, error.start, what) from None
    return Source(path, text)


def encoded(text: str) -> bytes:
    """The bytes that decode to a text, in the encoding that it declares if that can be had."""
    plain = text.encode(errors="surrogatepass")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(plain).readline)
        return text.encode(encoding)
    except (SyntaxError, LookupError, UnicodeEncodeError):
        return plain


def reencoded(text: str, before: bytes) -> bytes:
    """The bytes of a text that takes the place of others, in their encoding."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(before).readline)
    return text.encode(encoding)


def _at(path: str, data: bytes, offset: int, message: str) -> Unreadable:
    # One character a byte, so that the offset is right whatever the bytes mean.
    return Unreadable(message, Span(offset, offset), Source(path, data.decode("latin-1")))
