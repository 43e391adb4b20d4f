"""The bytes of a log, unpacked: plain, gzip, zstandard, bzip2 or xz, told apart by their magic.

Unpacking is bounded at every step, so that a compression bomb costs neither memory nor much time.
Damaged and truncated streams give what could be unpacked, and a note.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from dagnosis.errors import InputTooLarge, UnreadableInput

CHUNK = 1 << 19
"""Bytes of a chunk, give or take what the last piece brought."""
_OUTPUT = 64 << 10
"""Bytes that one step of a decompressor may give. A damaged stream loses at most so much."""
_PIECE = 64 << 10
_ARCHIVES = (
    (0, b"PK\x03\x04", "a zip archive: unpack it and name the logs in it"),
    (257, b"ustar", "a tar archive: unpack it and name its folder"),
    (0, b"\x7fELF", "binary (a program), not a log"),
    (0, b"PAR1", "binary (a Parquet file), not a log"),
    (0, b"SQLite format 3", "binary (a SQLite database), not a log"),
    (0, b"%PDF-", "binary (a PDF file), not a log"),
    (0, b"\x89PNG", "binary (an image), not a log"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it and name the logs in it"),
)


class Unpacked:
    """Iterates over the chunks of a log. Notes are complete when the iteration ended.

    Raises `UnreadableInput` for archives, other known files, and a packed stream that gives
    nothing; `InputTooLarge` when more than `most` bytes come out, or more than `ratio` times what
    went in (above `bomb` bytes).
    """

    def __init__(self, file: BinaryIO, name: str, most: int, ratio: int, bomb: int) -> None:
        self.notes: list[str] = []
        self.given = 0
        self._file = file
        self._name = name
        self._most, self._ratio, self._bomb = most, ratio, bomb
        self._taken = 0
        self._first = file.read(CHUNK)
        self._codec = next(
            (codec for magic, codec in _CODECS if self._first.startswith(magic)), None
        )

    @property
    def packed(self) -> bool:
        """The log comes out of a decompressor."""
        return self._codec is not None

    def __iter__(self) -> Iterator[bytes]:
        if self._codec is None:
            chunks = _plain(self._file, self._first)
        else:
            chunks = _gathered(self._guarded(self._unpack(self._first, *self._codec)))
        for index, chunk in enumerate(chunks):
            if not index:
                _refuse_archives(chunk, self._name)
            self.given += len(chunk)
            yield chunk
        if self.notes and not self.given:
            raise UnreadableInput(f"{self._name}: {self.notes[0]}; get the file again")

    def _unpack(
        self, first: bytes, kind: str, new: Callable[[], Any], steps: Steps
    ) -> Iterator[bytes]:
        """Members after one another, as `cat a.gz b.gz` writes them."""
        decoder, fresh = new(), False
        for piece in self._pieces(first):
            while piece:
                if fresh and not piece.startswith(_MAGICS):
                    if piece.strip(b"\0"):
                        self.notes.append(f"what follows the {kind} data was ignored")
                    return
                try:
                    yield from steps(decoder, piece)
                except _DAMAGED as error:
                    self.notes.append(
                        f"the {kind} data is damaged ({error}); it was read up to there"
                    )
                    return
                fresh = decoder.eof
                piece = decoder.unused_data if fresh else b""
                if fresh:
                    decoder = new()
        if not fresh:
            self.notes.append(f"the {kind} data is cut off; it was read up to there")

    def _pieces(self, first: bytes) -> Iterator[bytes]:
        data = first
        while data:
            for at in range(0, len(data), _PIECE):
                piece = data[at : at + _PIECE]
                self._taken += len(piece)
                yield piece
            data = self._file.read(CHUNK)

    def _guarded(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        total = 0
        for part in parts:
            total += len(part)
            bomb = total > self._bomb and total > self._taken * self._ratio
            if bomb or total > self._most:
                raise InputTooLarge(
                    f"{self._name}: unpacks to more than {total} bytes from {self._taken}, as a"
                    " compression bomb does; unpack it yourself and pass the part that matters"
                )
            yield part


def _plain(file: BinaryIO, first: bytes) -> Iterator[bytes]:
    while first:
        yield first
        first = file.read(CHUNK)


def _gathered(parts: Iterator[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= CHUNK:
            yield b"".join(held)
            held, size = [], 0
    if size:
        yield b"".join(held)


def _refuse_archives(start: bytes, name: str) -> None:
    for at, magic, says in _ARCHIVES:
        if start.startswith(magic, at):
            raise UnreadableInput(f"{name}: is {says}")


# ---------------------------------------------------------------- one bounded step of each codec

Steps = Callable[[Any, bytes], Iterator[bytes]]


def _inflate(decoder: Any, piece: bytes) -> Iterator[bytes]:
    while True:
        part = decoder.decompress(piece, _OUTPUT)
        yield part
        piece = decoder.unconsumed_tail
        if decoder.eof or not (piece or len(part) == _OUTPUT):
            return


def _bunzip(decoder: Any, piece: bytes) -> Iterator[bytes]:
    yield decoder.decompress(piece, _OUTPUT)
    while not (decoder.eof or decoder.needs_input):
        yield decoder.decompress(b"", _OUTPUT)


def _new_zstd() -> Any:
    from dagnosis.zstd import ZstdDecompressor

    return ZstdDecompressor()


def _unzstd(decoder: Any, piece: bytes) -> Iterator[bytes]:
    from dagnosis.zstd import ZstdError

    try:
        yield from _bunzip(decoder, piece)
    except ZstdError as error:
        raise OSError(str(error)) from None


_DAMAGED = (zlib.error, lzma.LZMAError, OSError, EOFError)
_CODECS: tuple[tuple[bytes, tuple[str, Callable[[], Any], Steps]], ...] = (
    (b"\x1f\x8b", ("gzip", lambda: zlib.decompressobj(31), _inflate)),
    (b"\x28\xb5\x2f\xfd", ("zstandard", _new_zstd, _unzstd)),
    (b"BZh", ("bzip2", bz2.BZ2Decompressor, _bunzip)),
    (b"\xfd7zXZ\x00", ("xz", lzma.LZMADecompressor, _bunzip)),
)
_MAGICS = tuple(magic for magic, _ in _CODECS)
