"""Encodings, line ends and long lines, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.errors import UnreadableInput
from dagnosis.logs.decoding import as_utf8, blocks, encoding_of, lines_of, shorten

TEXT = "début\nΔ 5 €\n" + "line of plain text\n" * 9


def chunked(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("size", [64, 101, 100_000])
def test_encodings(encoding: str, size: int) -> None:
    notes: list[str] = []
    read = b"".join(as_utf8(chunked(TEXT.encode(encoding), size), "a.log", notes))
    assert read.decode() == TEXT
    assert bool(notes) == (encoding[4] != "8")


def test_utf_8_is_not_taken_for_utf_16() -> None:
    assert encoding_of(TEXT.encode()) is None
    assert encoding_of(b"") is None


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_a_mark_before_ascii_is_no_utf_16(mark: bytes) -> None:
    data = mark + b"KeyError: 'amount'\n" * 9
    assert encoding_of(data) is None
    notes: list[str] = []
    assert lines_of(b"".join(as_utf8(iter([data]), "a.log", notes)), 1000, notes)[1:] == (
        ["KeyError: 'amount'"] * 8
    )
    assert encoding_of("\u65e5\u672c\u8a9e\u306e\u30ed\u30b0 2026\n".encode("utf-16")) == "utf-16"


@pytest.mark.parametrize("data", [bytes(900), bytes(range(256)) * 8, b"\x01\x02text"])
def test_binary(data: bytes) -> None:
    with pytest.raises(UnreadableInput, match="is binary"):
        list(as_utf8(iter([data]), "a.log", []))


def test_a_few_control_characters_are_no_binary() -> None:
    data = b"\x1b[31mred\x1b[0m and one \0 of them\n" * 4
    assert b"".join(as_utf8(iter([data]), "a.log", [])) == data
    assert lines_of(data, 1000, [])[0] == "\x1b[31mred\x1b[0m and one  of them"


def test_undecodable_bytes_stay_readable() -> None:
    notes: list[str] = []
    data = "é of UTF-8\n".encode() + "é “of” cp1252\n".encode("cp1252") + b"\x81\n"
    assert lines_of(data, 1000, notes) == ["é of UTF-8", "é “of” cp1252", "\x81"]
    assert notes == ["some bytes are not valid UTF-8: they were read as cp1252"]


def test_line_ends() -> None:
    assert lines_of(b"a\r\nb\n 10%\r 20%\r 30%\n\r\nend", 1000, []) == ["a", "b", " 30%", "", "end"]
    assert lines_of(b"", 1000, []) == []


def test_lines_that_end_with_cr() -> None:
    notes: list[str] = []
    assert b"".join(as_utf8(iter([b"a\rb\r", b"c\r"]), "a.log", notes)) == b"a\nb\nc\n"
    assert notes == ["no line ends with LF: lines were taken to end with CR"]


@given(st.binary(max_size=400), st.integers(1, 50))
def test_blocks_are_whole_lines(data: bytes, size: int) -> None:
    found = list(blocks(chunked(data, size), 1000, []))
    assert b"".join(found) == data
    assert all(block.endswith(b"\n") for block in found[:-1])
    assert all(found)


@pytest.mark.parametrize("size", [1 << 16, 1 << 20, 1 << 23])
def test_a_long_line_is_shortened_while_it_streams(size: int) -> None:
    notes: list[str] = []
    data = b"before\n" + b"HEAD" + "é".encode() * (2 << 20) + b"TAIL\nafter\n"
    read = b"".join(blocks(chunked(data, size), 1000, notes))
    first, line, last, rest = read.decode().split("\n")
    assert (first, last, rest) == ("before", "after", "")
    if size < len(data):
        assert len(line.encode()) < 1100
        assert notes == [f"a line is {8 + (4 << 20)} bytes long: cut"]
    line = shorten(line, 1000)
    assert len(line) < 1100
    assert line.startswith("HEADé")
    assert line.endswith("éTAIL")
    assert " cut]" in line
