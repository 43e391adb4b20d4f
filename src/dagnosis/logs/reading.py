"""Bounded reading of any log: plain, gz or zstd; a file, a folder, a stream or text at hand."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from dagnosis.errors import InputTooLarge, UnreadableInput

_CHUNK = 1 << 20


class Limits(msgspec.Struct, frozen=True):
    """How much of a log is kept in memory, in bytes."""

    whole_bytes: int = 16 << 20
    """Logs up to this size are kept whole."""
    head_bytes: int = 512 << 10
    tail_bytes: int = 4 << 20
    max_line: int = 64 << 10
    """Characters of one line; a longer one keeps its head and its tail."""
    max_unpacked_bytes: int = 64 << 30
    bomb_ratio: int = 200
    bomb_bytes: int = 256 << 20


class LogText(msgspec.Struct, frozen=True):
    """What was read of one log. `numbers` are the 1-based line numbers of `lines`."""

    name: str
    numbers: Sequence[int]
    lines: list[str]
    lines_total: int
    bytes_total: int = 0
    truncated: bool = False
    skipped: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()


def read_text(text: str, name: str = "<text>") -> LogText:
    """A log that is at hand as text."""
    return read_stream(io.BytesIO(text.encode("utf-8", "surrogateescape")), name)


def read_path(path: Path, limits: Limits | None = None) -> LogText:
    """Read one log file. Raises `UnreadableInput` when it is missing, a folder, binary or closed."""
    path = Path(path)
    limits = limits or Limits()
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic[:2] == b"\x1f\x8b":
                with gzip.open(file) as plain:
                    return _read(plain, str(path), limits, path.stat().st_size)  # type: ignore[arg-type]
            if magic == b"\x28\xb5\x2f\xfd":
                import zstandard

                with zstandard.ZstdDecompressor().stream_reader(file) as unpacked:
                    return _read(unpacked, str(path), limits, path.stat().st_size)
            return _read(file, str(path), limits, None)
    except FileNotFoundError:
        raise UnreadableInput(f"{path}: no such file") from None
    except IsADirectoryError:
        raise UnreadableInput(f"{path}: is a folder, not a log file") from None
    except PermissionError:
        raise UnreadableInput(f"{path}: permission denied") from None


def read_stream(file: BinaryIO, name: str, limits: Limits | None = None) -> LogText:
    """Read a binary stream, such as standard input, to its end."""
    return _read(file, name, limits or Limits(), None)


def find_logs(paths: Iterable[Path]) -> Iterator[Path]:
    """Files as given; folders walked in sorted order, without hidden files."""
    for path in paths:
        if path.is_dir():
            for inner in sorted(path.rglob("*")):
                hidden = any(part.startswith(".") for part in inner.relative_to(path).parts)
                if inner.is_file() and not hidden and _looks_like_log(inner):
                    yield inner
        else:
            yield path


def _looks_like_log(path: Path) -> bool:
    return path.suffix in ("", ".log", ".txt", ".out", ".err", ".jsonl", ".ndjson", ".gz", ".zst")


def _read(file: BinaryIO, name: str, limits: Limits, packed: int | None) -> LogText:
    head, tail = bytearray(), bytearray()
    total = newlines = head_lines = dropped_lines = 0
    notes: list[str] = []
    while True:
        try:
            chunk = file.read(_CHUNK)
        except (EOFError, OSError) as error:
            notes.append(
                f"the compressed stream is damaged after {total} bytes ({error}); read up to there"
            )
            break
        if not chunk:
            break
        total += len(chunk)
        newlines += chunk.count(b"\n")
        _guard(name, total, packed, limits)
        tail += chunk
        if len(tail) > limits.whole_bytes and not head:
            cut = tail.rfind(b"\n", 0, limits.head_bytes) + 1 or limits.head_bytes
            head = tail[:cut]
            head_lines = head.count(b"\n")
            del tail[:cut]
        if head and len(tail) > limits.whole_bytes + 4 * _CHUNK:
            dropped_lines += _trim(tail, limits.tail_bytes)
    if head:
        dropped_lines += _trim(tail, limits.tail_bytes)
    if b"\0" in (head or tail)[:4096] and bytes((head or tail)[:2]) not in (
        b"\xff\xfe",
        b"\xfe\xff",
    ):
        raise UnreadableInput(f"{name}: is binary, not a log")
    first = _decode(bytes(head), limits, notes) if head else []
    last = _decode(bytes(tail), limits, notes) if tail else []
    lines_total = newlines + (0 if bytes((tail or head)[-1:]) in (b"\n", b"") else 1)
    if not head:
        return LogText(name, range(1, len(last) + 1), last, lines_total, total, notes=tuple(notes))
    start = head_lines + dropped_lines + 1
    numbers = [*range(1, len(first) + 1), *range(start, start + len(last))]
    skipped = ((head_lines + 1, start - 1),) if start > head_lines + 1 else ()
    if skipped:
        notes.append(
            f"lines {head_lines + 1} to {start - 1} were not examined (the log is {total} bytes)"
        )
    return LogText(
        name, numbers, first + last, lines_total, total, bool(skipped), skipped, tuple(notes)
    )


def _guard(name: str, total: int, packed: int | None, limits: Limits) -> None:
    if packed is None or total <= limits.bomb_bytes:
        return
    if total > limits.max_unpacked_bytes or total > packed * limits.bomb_ratio:
        raise InputTooLarge(
            f"{name}: unpacks to more than {total} bytes from {packed}; stopped, as it looks like a compression bomb"
        )


def _trim(tail: bytearray, keep: int) -> int:
    if len(tail) <= keep:
        return 0
    cut = len(tail) - keep
    at = tail.find(b"\n", cut)
    cut = at + 1 if at >= 0 else cut
    lines = tail.count(b"\n", 0, cut)
    del tail[:cut]
    return lines


def _decode(data: bytes, limits: Limits, notes: list[str]) -> list[str]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
        notes.append("decoded as utf-16")
    else:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
        if text.count("\ufffd") > 20 and text.count("\ufffd") > len(text) // 1000:
            text = data.decode("cp1252", "replace")
            notes.append("not valid UTF-8: decoded as cp1252")
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return [_shorten(line.removesuffix("\r"), limits.max_line) for line in lines]


def _shorten(line: str, longest: int) -> str:
    if len(line) <= longest:
        return line
    half = longest // 2
    return f"{line[:half]} …[{len(line) - 2 * half} characters cut]… {line[-half:]}"
