"""Packed logs: every codec, several members, damage, bombs."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
from collections.abc import Callable

import pytest

from dagnosis import zstd
from dagnosis.errors import InputTooLarge, UnreadableInput
from dagnosis.logs.unpacking import Unpacked

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstandard": zstd.compress,
    "bzip2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
}
RNG = random.Random(3)
TEXT = b"".join(b"line %d of %d\n" % (n, RNG.randrange(10**9)) for n in range(150_000))


def unpacked(data: bytes, most: int = 1 << 40) -> Unpacked:
    return Unpacked(io.BytesIO(data), "a.log", most, ratio=200, bomb=4 << 20)


@pytest.mark.parametrize("kind", PACK)
def test_members_after_one_another(kind: str) -> None:
    pack = PACK[kind]
    source = unpacked(pack(TEXT) + pack(b"") + pack(b"the end\n"))
    assert b"".join(source) == TEXT + b"the end\n"
    assert (source.notes, source.packed, source.given) == ([], True, len(TEXT) + 8)


@pytest.mark.parametrize("kind", PACK)
def test_cut_off(kind: str) -> None:
    packed = PACK[kind](TEXT)
    source = unpacked(packed[: len(packed) // 2])
    read = b"".join(source)
    # bzip2 and zstandard give whole blocks only
    assert TEXT.startswith(read)
    assert len(read) > len(TEXT) // 5
    assert source.notes == [f"the {kind} data is cut off; it was read up to there"]


@pytest.mark.parametrize("kind", PACK)
def test_damaged(kind: str) -> None:
    packed = bytearray(PACK[kind](TEXT))
    middle = len(packed) // 2
    packed[middle : middle + 400] = RNG.randbytes(400)
    source = unpacked(bytes(packed))
    assert b"".join(source)
    assert "damaged" in source.notes[0]


@pytest.mark.parametrize("kind", PACK)
def test_nothing_to_unpack(kind: str) -> None:
    with pytest.raises(UnreadableInput, match=r"a\.log: the .* data is (?:damaged|cut off)"):
        list(unpacked(PACK[kind](TEXT)[:12]))


def test_zero_padding_and_trailing_garbage() -> None:
    padded = unpacked(gzip.compress(b"x\n") + bytes(512))
    assert (b"".join(padded), padded.notes) == (b"x\n", [])
    garbage = unpacked(gzip.compress(b"x\n") + b"more")
    assert b"".join(garbage) == b"x\n"
    assert garbage.notes == ["what follows the gzip data was ignored"]


@pytest.mark.parametrize("kind", PACK)
def test_bombs_are_stopped(kind: str) -> None:
    source = unpacked(PACK[kind](b"a" * (32 << 20)))
    with pytest.raises(InputTooLarge, match="compression bomb"):
        list(source)
    assert source.given < 24 << 20


def test_more_than_the_most() -> None:
    with pytest.raises(InputTooLarge):
        list(unpacked(gzip.compress(TEXT), most=1000))


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (b"PK\x03\x04", "zip archive: unpack it"),
        (b"\x7fELF\x02", "a program"),
        (b"PAR1", "Parquet"),
        (bytes(257) + b"ustar\x00", "tar archive"),
    ],
)
def test_known_files(start: bytes, says: str) -> None:
    for data in (start + bytes(300), gzip.compress(start + bytes(300))):
        with pytest.raises(UnreadableInput, match=says):
            list(unpacked(data))


def test_plain_and_empty() -> None:
    assert b"".join(unpacked(TEXT)) == TEXT
    assert list(unpacked(b"")) == []
