"""Bounded reading of any log: plain or packed; a file, a folder, a stream or text at hand.

A log up to `Limits.whole_bytes` is kept whole. Of a larger one the head, the tail and, from between
them, the places that look like a failure are kept; every line keeps its number.
"""

from __future__ import annotations

import os
import stat
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import msgspec
import re2

from dagnosis.errors import UnreadableInput
from dagnosis.logs.decoding import as_utf8, blocks, lines_of
from dagnosis.logs.needles import Index
from dagnosis.logs.unpacking import Unpacked

EVERYTHING = 1 << 62
"""As `Limits.scan_bytes`: search every byte of a log between its head and its tail."""


class Limits(msgspec.Struct, frozen=True):
    """How much of a log is kept in memory, and how much of it is searched; in bytes."""

    whole_bytes: int = 4 << 20
    """Logs up to this size are kept whole."""
    head_bytes: int = 256 << 10
    tail_bytes: int = 1 << 20
    hit_bytes: int = 512 << 10
    """Places between head and tail that look like a failure."""
    scan_bytes: int = 256 << 20
    """So much between head and tail is searched for them: half of it next to the tail, half evenly
    spread. A stream or a packed log, whose size is not known before, is searched whole."""
    max_line: int = 64 << 10
    """Characters of one line; a longer one keeps its head and its tail."""
    max_unpacked_bytes: int = 64 << 30
    bomb_ratio: int = 200
    bomb_bytes: int = 256 << 20
    """A packed log is refused above this size when it unpacks to more than `bomb_ratio` times."""


class LogText(msgspec.Struct, frozen=True):
    """What was read of one log. `numbers` are the 1-based line numbers of `lines`.

    Lines end at LF. `lines_total` counts all lines of the log and `bytes_total` all of its unpacked
    bytes; `skipped` are the (first, last) lines that are not in `lines`, and `truncated` says that
    there are some. `notes` say what a reader of the answer should know about the reading.
    """

    name: str
    numbers: Sequence[int]
    lines: list[str]
    lines_total: int
    bytes_total: int = 0
    truncated: bool = False
    skipped: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()


def read_text(text: str, name: str = "<text>") -> LogText:
    """A log that is at hand as text; an empty one has no lines."""
    data = text.encode("utf-8", "replace").removeprefix(b"\xef\xbb\xbf")
    return _read(iter((data,) if data else ()), name, Limits(), len(data), [])


def read_path(path: Path, limits: Limits | None = None) -> LogText:
    """Read one log file, packed or not.

    Raises `UnreadableInput` when it is missing, a folder, closed to us, empty, binary or an archive,
    and `InputTooLarge` when it unpacks like a bomb.
    """
    path = Path(path)
    with _open(path) as file:
        status = os.fstat(file.fileno())
        size = status.st_size if stat.S_ISREG(status.st_mode) else None
        try:
            return _read_file(file, str(path), limits or Limits(), size)
        except OSError as error:
            raise UnreadableInput(f"{path}: cannot be read ({error.strerror})") from None


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb", buffering=0)
    except FileNotFoundError:
        raise UnreadableInput(f"{path}: no such file; check the path") from None
    except IsADirectoryError:
        raise UnreadableInput(f"{path}: is a folder, not a log file; name a log in it") from None
    except PermissionError:
        raise UnreadableInput(
            f"{path}: permission denied; run as a user who may read it, or pipe it in"
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise UnreadableInput(f"{str(path)!r}: cannot be opened ({reason})") from None


def read_stream(file: BinaryIO, name: str, limits: Limits | None = None) -> LogText:
    """Read a binary stream, such as standard input, to its end. Raises as `read_path` does."""
    return _read_file(file, name, limits or Limits(), None)


def read_lines(path: Path | None, limits: Limits | None = None) -> Iterator[str]:
    """Every line of a log, one at a time and without line ends; None is standard input.

    Raises as `read_path` does, when the first line is asked for.
    """
    limits = limits or Limits()
    with _open(path) if path else nullcontext(sys.stdin.buffer) as file:
        name = str(path) if path else "<stdin>"
        source = _unpacked(file, name, limits)
        notes: list[str] = []
        for block in blocks(as_utf8(iter(source), name, notes), limits.max_line, notes):
            yield from lines_of(block, limits.max_line, notes)
        _refuse_empty(source, name)


def _unpacked(file: BinaryIO, name: str, limits: Limits) -> Unpacked:
    return Unpacked(file, name, limits.max_unpacked_bytes, limits.bomb_ratio, limits.bomb_bytes)


def _refuse_empty(source: Unpacked, name: str) -> None:
    if not source.given:
        raise UnreadableInput(
            f"{name}: is empty; Airflow leaves an empty log when the task was killed before it could"
            " write: look at the events of the run and the log of the scheduler"
        )


def _read_file(file: BinaryIO, name: str, limits: Limits, size: int | None) -> LogText:
    source = _unpacked(file, name, limits)
    notes: list[str] = []
    chunks = as_utf8(iter(source), name, notes)
    log = _read(chunks, name, limits, None if source.packed else size, notes)
    _refuse_empty(source, name)
    return msgspec.structs.replace(
        log, bytes_total=source.given, notes=(*source.notes, *dict.fromkeys(log.notes))
    )


# ---------------------------------------------------------------- head, tail and hits


class _Part(msgspec.Struct, gc=False):
    """Whole lines of the log; `first` is the number of the first one."""

    first: int
    data: bytes

    def split(self, at: int) -> tuple[_Part, _Part]:
        """The lines up to byte `at` and a little beyond, and the rest."""
        cut = self.data.find(b"\n", at) + 1 or len(self.data)
        before, after = self.data[:cut], self.data[cut:]
        return _Part(self.first, before), _Part(self.first + _newlines(before), after)


def _newlines(data: bytes) -> int:
    # Twice as fast as bytes.count before Python 3.13, which looks at one byte after the other.
    return len(data) - len(data.replace(b"\n", b""))


def _read(
    chunks: Iterator[bytes], name: str, limits: Limits, size: int | None, notes: list[str]
) -> LogText:
    head: list[_Part] = []
    held: deque[_Part] = deque()
    held_bytes, following, ended = 0, 1, True
    middle: _Middle | None = None
    for data in blocks(chunks, limits.max_line, notes):
        held.append(_Part(following, data))
        held_bytes += len(data)
        following += _newlines(data)
        ended = data.endswith(b"\n")
        if middle is None and held_bytes > limits.whole_bytes:
            head = _pop(held, limits.head_bytes)
            held_bytes -= sum(len(part.data) for part in head)
            middle = _Middle(limits, size)
        while middle and held and held_bytes - len(held[0].data) >= limits.tail_bytes:
            part = held.popleft()
            held_bytes -= len(part.data)
            middle.take(part)
    lines_total = following - ended
    if middle is None:
        lines = lines_of(b"".join(part.data for part in held), limits.max_line, notes)
        return LogText(name, range(1, len(lines) + 1), lines, lines_total, notes=tuple(notes))
    if held_bytes > limits.tail_bytes:
        early, held[0] = held[0].split(held_bytes - limits.tail_bytes)
        middle.take(early)
    # an empty tail is possible: the whole of the last line, which no LF ends, was split off
    tail = [part for part in held if part.data]
    kept = [*head, *(_Part(*window) for window in middle.windows()), *tail]
    return _assemble(name, kept, lines_total, limits, [*notes, *middle.notes()])


def _pop(held: deque[_Part], size: int) -> list[_Part]:
    """Take `size` bytes, to the end of a line, from the left of `held`."""
    taken = []
    while held and size > 0:
        part = held.popleft()
        if len(part.data) > size:
            part, rest = part.split(size)
            if rest.data:
                held.appendleft(rest)
        taken.append(part)
        size -= len(part.data)
    return taken


class _Middle:
    """What lies between head and tail: searched for failures, or only counted."""

    def __init__(self, limits: Limits, size: int | None) -> None:
        self._limits = limits
        self._index = Index()
        self._seen = self._searched = self._blocks = 0
        whole = size is None or size <= limits.scan_bytes
        # Where the stretch next to the tail begins that is searched without gaps.
        near = 0 if whole else (size or 0) - limits.tail_bytes - limits.scan_bytes // 2
        self._near = max(near, 0)
        self._stride = max(2 * self._near // max(limits.scan_bytes, 1), 1) + 1

    def take(self, part: _Part) -> None:
        self._blocks += 1
        if self._seen >= self._near or self._blocks % self._stride == 0:
            self._index.add(part.first, part.data)
            self._searched += len(part.data)
        self._seen += len(part.data)

    def windows(self) -> list[tuple[int, bytes]]:
        return self._index.windows(self._limits.hit_bytes)

    def notes(self) -> Iterator[str]:
        share = 100 * self._searched // max(self._seen, 1)
        if share < 100:
            yield (
                f"a huge log: its head, its tail and {share} % of what lies between were examined;"
                " --full examines all of it"
            )
        if self._index.sampled:
            yield "too many different lines speak of failure: some of them were not examined"


def _assemble(
    name: str, kept: list[_Part], total: int, limits: Limits, notes: list[str]
) -> LogText:
    numbers: list[int] = []
    lines: list[str] = []
    skipped: list[tuple[int, int]] = []
    following = 1
    for part in kept:
        if part.first > following:
            skipped.append((following, part.first - 1))
        texts = lines_of(part.data, limits.max_line, notes)
        lines += texts
        following = part.first + len(texts)
        numbers += range(part.first, following)
    if following <= total:
        skipped.append((following, total))
    return LogText(name, numbers, lines, total, 0, bool(skipped), tuple(skipped), tuple(notes))


# ---------------------------------------------------------------- logs in folders


def find_logs(paths: Iterable[Path]) -> Iterator[Path]:
    """Files as given; folders walked in natural order (`attempt=2` before `attempt=10`).

    In folders, hidden files and what is obviously no log (images, tables, code) are passed over.
    """
    for path in map(Path, paths):
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


def _walk(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir(), key=lambda path: _natural(path.name))
    except OSError:
        return
    for path in entries:
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if not path.is_symlink():
                yield from _walk(path)
        elif path.is_file() and _looks_like_log(path):
            yield path


def _natural(name: str) -> list[tuple[int, str]]:
    parts = _DIGITS.split(name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


_DIGITS = re2.compile(r"([0-9]{1,18})")
_PACKED = (".gz", ".zst", ".bz2", ".xz")
_LOG_NAME = re2.compile(
    r"(?i)(?:^|.*\.)(?:log|txt|out|err|stdout|stderr|jsonl|ndjson)(?:[.-][\w.=-]+)?$"
)
_NO_LOG = re2.compile(
    r"(?i).*\.(?:py|pyc|so|png|jpe?g|gif|svg|webp|ico|pdf|parquet|avro|orc|csv|tsv|xlsx?|zip|tar|tgz|whl|jar"
    r"|html?|css|js|ts|sql|ya?ml|toml|json|db|sqlite|pkl|md|rst|sh|class|java|bin|exe|dll|lock|pid|cfg|ini)$"
)


def _looks_like_log(path: Path) -> bool:
    name = path.name
    packed = name.lower().endswith(_PACKED)
    if packed:
        name = name.rpartition(".")[0]
    if _NO_LOG.fullmatch(name):
        return False
    if _LOG_NAME.fullmatch(name):
        return True
    return "." not in name and name.lower() not in _NO_LOGS and (packed or _is_text(path))


_NO_LOGS = frozenset({"makefile", "dockerfile", "license", "readme", "notice", "core", "pipfile"})


def _is_text(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b"\0" not in file.read(1024)
    except OSError:
        return True  # reading it will say what is wrong
