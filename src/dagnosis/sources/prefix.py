"""The lines that Airflow's API server puts before a log: where it found the log, or that it did not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, cast

import msgspec

_MOST = 64 << 10
"""Bytes at the beginning in which such lines are looked for."""
_HEAD = "Log message source details"
_NOT_FOUND = (
    "Could not read served logs",
    "Task was skipped",
    "Task did not run because",
    "*** No logs found",
    "No logs found",
    "Log file does not exist",
    "Log file isn't found",
)


class _Rest:
    """Bytes at hand, followed by a file that is read once."""

    def __init__(self, first: bytes, file: BinaryIO) -> None:
        self._first = first
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if self._first:
            taken, self._first = self._first[:size], self._first[size:]
            return taken
        return self._file.read(size)


def without_prefix(body: BinaryIO) -> BinaryIO | None:
    """The log after those lines; None where they are all there is: then there is no log."""
    start = b""
    while len(start) < _MOST and (piece := body.read(_MOST - len(start))):
        start += piece
    end = 0
    missing = False
    for line, stop in _added(start):
        end = stop
        missing = missing or any(words in line for words in _NOT_FOUND)
    rest = start[end:]
    if not rest.strip() and len(start) < _MOST:
        return None if missing or end else cast("BinaryIO", _Rest(b"", body))
    return cast("BinaryIO", _Rest(rest, body))


def _added(start: bytes) -> Iterator[tuple[str, int]]:
    """The lines that the API server added, and where each ends."""
    inside, stop = False, 0
    first = True
    while stop < len(start):
        line = start[stop : (start.find(b"\n", stop) + 1) or len(start)]
        text = _stated(line)
        # Airflow 2 begins with the name of the worker's host, alone in its line.
        follows = start[stop + len(line) : stop + len(line) + 400].partition(b"\n")[0]
        host = first and _HEAD.encode() in follows and not line.startswith((b"{", b"["))
        opens = text is not None and _HEAD in text
        notice = text is not None and not inside and any(words in text for words in _NOT_FOUND)
        if not (inside or host or opens or notice):
            return
        inside = (inside or opens) and not (text is not None and "::endgroup::" in text)
        first = False
        stop += len(line)
        yield text or "", stop


def _stated(line: bytes) -> str | None:
    """The text of a line that has no time stamp, as added ones have none; None for others."""
    text = line.decode("utf-8", "replace").strip()
    if text.startswith("{"):
        try:
            row = msgspec.json.decode(text)
        except (msgspec.DecodeError, ValueError):
            return None
        if not isinstance(row, dict) or row.get("timestamp"):
            # "Task did not run because …" has one, though no task wrote it.
            said = row.get("event") if isinstance(row, dict) and len(row) == 2 else None
            return said if isinstance(said, str) else None
        said = row.get("event")
        return said if isinstance(said, str) else None
    return None if text.startswith("[") else text
