"""Bytes of any encoding -> lines of text: UTF-8, UTF-16, cp1252; LF, CRLF or CR.

Works on a stream: a line of 100 MB never stands in memory whole. Lines end at LF, as `wc -l` and
`grep -n` count them; only a log without any LF in its first chunk has lines that end at CR.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from dagnosis.errors import UnreadableInput

_LONG = 1 << 20
"""A line is shortened while it streams in once it has so many bytes."""
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY_SHARE = 0.1
"""Share of control characters in the first bytes above which a file is binary."""
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b\b")) + b"\x7f"


def encoding_of(start: bytes) -> str | None:
    """The wide encoding of a log that begins with `start`; None for bytes that ASCII is part of."""
    for bom, encoding in _BOMS:
        if start.startswith(bom) and _reads(start, encoding):
            return encoding
    even, odd = start[0:4096:2], start[1:4096:2]
    if len(odd) > 8 and odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.05 * len(even):
        return "utf-16-le"
    if len(odd) > 8 and even.count(0) > 0.4 * len(even) and odd.count(0) < 0.05 * len(odd):
        return "utf-16-be"
    return None


def _reads(start: bytes, encoding: str) -> bool:
    """Is it text in that encoding? What looks like a byte order mark may stand before bytes of ASCII:
    two of them make one character, which is never a space, a digit or a line end."""
    text = start[:4096].decode(encoding, "ignore")
    return len(text) < 9 or any(c < "\u0100" for c in text)


def refuse_binary(start: bytes, name: str) -> None:
    """Raise `UnreadableInput` when `start` is not text."""
    sample = start[:8192]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls > _BINARY_SHARE * len(sample):
        raise UnreadableInput(f"{name}: is binary, not a log; name the text log of the try")


def as_utf8(chunks: Iterator[bytes], name: str, notes: list[str]) -> Iterator[bytes]:
    """The chunks as (mostly) UTF-8 with LF. Raises `UnreadableInput` for binary data."""
    first = next(chunks, b"")
    encoding = encoding_of(first)
    if encoding:
        notes.append(f"decoded as {encoding}")
        chunks = _narrow(first, chunks, encoding)
        first = next(chunks, b"")
    else:
        refuse_binary(first, name)
        first = first.removeprefix(codecs.BOM_UTF8)
    if b"\r" in first and b"\n" not in first:
        notes.append("no line ends with LF: lines were taken to end with CR")
        first = first.replace(b"\r", b"\n")
        chunks = (chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for chunk in chunks)
    if first:
        yield first
    yield from chunks


def _narrow(first: bytes, chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first).encode("utf-8", "replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", True).encode("utf-8", "replace")


# ---------------------------------------------------------------- blocks of whole lines


def blocks(chunks: Iterator[bytes], max_line: int, notes: list[str]) -> Iterator[bytes]:
    """Chunks cut at line ends. A line over `_LONG` bytes keeps `max_line`, of its head and tail."""
    line = _Line(max_line, notes)
    for chunk in chunks:
        last = chunk.rfind(b"\n")
        if last < 0:
            line.add(chunk)
            continue
        view = memoryview(chunk)
        end = chunk.find(b"\n") if line else 0
        line.add(view[:end])
        yield b"".join((line.take(), view[end : last + 1]))
        line.add(view[last + 1 :])
    if line:
        yield line.take()


class _Line:
    """The line that has not ended yet."""

    def __init__(self, max_line: int, notes: list[str]) -> None:
        self._half = max(max_line // 2 - 40, 1)
        self._notes = notes
        self._parts: list[bytes] = []
        self._size = self._cut = 0
        self._head = b""

    def __bool__(self) -> bool:
        return bool(self._size)

    def add(self, part: bytes | memoryview) -> None:
        self._parts.append(bytes(part))
        self._size += len(part)
        if self._size > _LONG:
            self._shorten()

    def _shorten(self) -> None:
        joined = b"".join(self._parts)
        if not self._cut:
            self._head, joined = joined[: self._half], joined[self._half :]
        self._cut += len(joined) - self._half
        self._parts = [joined[-self._half :]]
        self._size = self._half

    def take(self) -> bytes:
        joined = b"".join(self._parts)
        if self._cut:
            joined, cut = joined[-self._half :], self._cut + max(len(joined) - self._half, 0)
            head = self._head.decode("utf-8", "ignore").encode()
            joined = b"%b \xe2\x80\xa6[%d bytes cut]\xe2\x80\xa6 %b" % (
                head,
                cut,
                joined.lstrip(_CONTINUATION),
            )
            self._notes.append(f"a line is {len(self._head) + cut + self._half} bytes long: cut")
        self._parts, self._size, self._cut, self._head = [], 0, 0, b""
        return joined


_CONTINUATION = bytes(range(0x80, 0xC0))


# ---------------------------------------------------------------- lines of text


def lines_of(data: bytes, max_line: int, notes: list[str]) -> list[str]:
    """The lines of a block, without line ends; bytes that are not UTF-8 are read as cp1252."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("utf-8", "dagnosis-cp1252")
        note = "some bytes are not valid UTF-8: they were read as cp1252"
        if note not in notes:
            notes.append(note)
    if "\0" in text:
        text = text.replace("\0", "")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    if "\r" in text:
        lines = [_visible(line) if "\r" in line else line for line in lines]
    if len(text) > max_line:
        lines = [shorten(line, max_line) for line in lines]
    return lines


def _visible(line: str) -> str:
    """What a terminal shows of a progress bar: its last state."""
    return next((state for state in reversed(line.split("\r")) if state), "")


def shorten(line: str, longest: int) -> str:
    """`line` with its middle cut out, when it has more than `longest` characters."""
    if len(line) <= longest:
        return line
    half = longest // 2
    return f"{line[:half]} …[{len(line) - 2 * half} characters cut]… {line[-half:]}"


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    # cp1252 leaves five bytes undefined; latin-1 has a character for each
    return "".join(_CP1252.get(byte, chr(byte)) for byte in wrong), error.end


_CP1252 = {byte: bytes([byte]).decode("cp1252", "replace") for byte in range(128, 256)}
_CP1252 = {byte: char for byte, char in _CP1252.items() if char != "\ufffd"}
codecs.register_error("dagnosis-cp1252", _as_cp1252)
