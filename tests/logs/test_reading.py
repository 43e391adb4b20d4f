"""Any log, bounded: sources, damage, numbers of lines, folders."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dagnosis import zstd
from dagnosis.errors import InputTooLarge, UnreadableInput
from dagnosis.logs.reading import (
    EVERYTHING,
    Limits,
    LogText,
    find_logs,
    read_path,
    read_stream,
    read_text,
)

SMALL = Limits(
    whole_bytes=4000, head_bytes=500, tail_bytes=1000, hit_bytes=2000, scan_bytes=EVERYTHING
)


def check(log: LogText, text: str) -> None:
    """Every line stands at its number; what is not there is skipped; nothing is both."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    assert log.lines_total == len(lines)
    assert log.lines == [lines[number - 1] for number in log.numbers]
    gaps = {number for first, last in log.skipped for number in range(first, last + 1)}
    assert gaps.isdisjoint(log.numbers)
    assert gaps.union(log.numbers) == set(range(1, len(lines) + 1))
    assert log.truncated == bool(gaps)


# ---------------------------------------------------------------- sources


def test_a_file_plain_and_packed(tmp_path: Path) -> None:
    text = "one\ntwo\n"
    pack = {
        "a.log": text.encode(),
        "b.log.gz": gzip.compress(b"one\n") + gzip.compress(b"two\n"),
        "c": zstd.compress(text.encode()),
    }
    for name, data in pack.items():
        path = tmp_path / name
        path.write_bytes(data)
        log = read_path(path)
        check(log, text)
        assert (log.name, log.bytes_total, log.notes) == (str(path), 8, ())
        assert read_stream(io.BytesIO(data), "<stdin>").lines == log.lines


def test_text_at_hand() -> None:
    check(read_text("a\nb"), "a\nb")
    assert read_text("") == LogText("<text>", range(1, 1), [], 0)
    assert read_text("\ufeffa \ud800\0\n").lines == ["a ?"]


def test_an_encoding_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes("é\nà\n".encode("utf-16"))
    assert read_path(path).notes == ("decoded as utf-16",)
    path.write_bytes("é\nà\n".encode("cp1252"))
    log = read_path(path)
    assert log.lines == ["é", "à"]
    assert log.notes == ("some bytes are not valid UTF-8: they were read as cp1252",)


def test_a_cut_off_gzip_gives_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(os.urandom(3000).hex().encode() + b"\nend\n")[:-400])
    log = read_path(path)
    assert len(log.lines[0]) > 4000
    assert log.notes == ("the gzip data is cut off; it was read up to there",)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty; Airflow leaves an empty log when the task was killed"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (bytes(500), "is binary"),
        (b"PK\x03\x04" + bytes(500), "is a zip archive"),
        (gzip.compress(b"x" * 500, mtime=0)[:11], "cut off"),
    ],
    ids=["nothing", "packed nothing", "zeros", "an archive", "cut off"],
)
def test_unreadable(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(data)
    with pytest.raises(UnreadableInput, match=says) as error:
        read_path(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_missing_folders_and_odd_names(tmp_path: Path) -> None:
    for path, says in (
        (tmp_path / "none.log", "no such file"),
        (tmp_path, "is a folder"),
        (tmp_path / ("x" * 400), "cannot be opened"),
        (Path("a\0b"), "cannot be opened"),
    ):
        with pytest.raises(UnreadableInput, match=says):
            read_path(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_permission_denied(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("x")
    path.chmod(0)
    with pytest.raises(UnreadableInput, match="permission denied"):
        read_path(path)


def test_a_bomb_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(b"bomb\n" * (1 << 20)))
    with pytest.raises(InputTooLarge, match="compression bomb"):
        read_path(path, Limits(bomb_bytes=1 << 20))


# ---------------------------------------------------------------- huge logs


def huge(lines: int = 3000) -> list[str]:
    rows = [f"row {n} is loaded" for n in range(1, lines + 1)]
    rows[lines // 2] = "ValueError: row is wrong"
    return rows


def test_head_tail_and_the_failure_between() -> None:
    text = "\n".join(huge()) + "\n"
    log = read_stream(io.BytesIO(text.encode()), "a", SMALL)
    check(log, text)
    assert "ValueError: row is wrong" in log.lines
    assert (log.numbers[0], log.numbers[-1]) == (1, 3000)
    assert len(log.skipped) == 2
    assert sum(map(len, log.lines)) < 4500
    assert log.notes == ()


def test_what_was_not_searched_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    text = "\n".join(huge(200_000)) + "\n"
    path.write_text(text)
    log = read_path(path, Limits(whole_bytes=4000, scan_bytes=0))
    check(log, text)
    assert "ValueError: row is wrong" not in log.lines
    assert "0 % of what lies between were examined; --full" in log.notes[0]
    log = read_path(path, Limits(whole_bytes=4000, tail_bytes=1000, scan_bytes=EVERYTHING))
    check(log, text)
    assert "ValueError: row is wrong" in log.lines
    assert log.notes == ()


@example(rows=["error é"], ends=False, whole=0, head=0, tail=1)
@given(
    st.lists(
        st.sampled_from(
            [
                "",
                "ok",
                "error é",
                "killed",
                "x" * 90,
                "Traceback (most recent call last):",
                "  File",
            ]
        ),
        max_size=200,
    ),
    st.booleans(),
    st.integers(0, 300),
    st.integers(0, 300),
    st.integers(0, 300),
)
def test_numbers(rows: list[str], ends: bool, whole: int, head: int, tail: int) -> None:
    text = "\n".join(rows) + "\n" * ends
    if text:
        limits = Limits(whole_bytes=whole, head_bytes=head, tail_bytes=tail, hit_bytes=200)
        check(read_stream(io.BytesIO(text.encode()), "a", limits), text)


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        log = read_stream(io.BytesIO(data), "a", Limits(max_line=50))
    except UnreadableInput:
        return
    assert len(log.lines) == len(log.numbers)
    assert all("\n" not in line and len(line) < 100 for line in log.lines)


def test_a_huge_line(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with path.open("wb") as file:
        file.write(b"first\nHEAD")
        for _ in range(16):
            file.write(b"x" * (1 << 20))
        file.write(b"TAIL\nlast\n")
    log = read_path(path)
    assert (log.numbers, log.lines_total) == (range(1, 4), 3)
    assert (log.lines[0], log.lines[2]) == ("first", "last")
    assert log.lines[1].startswith("HEADx")
    assert log.lines[1].endswith("xTAIL")
    assert len(log.lines[1]) <= Limits().max_line
    assert log.notes == (f"a line is {8 + (16 << 20)} bytes long: cut",)


# ---------------------------------------------------------------- folders


def test_logs_of_a_folder_in_natural_order(tmp_path: Path) -> None:
    logs = [
        "app.log.2",
        "app.log.10",
        "dag_id=d/task_id=t/attempt=1.log",
        "dag_id=d/task_id=t/attempt=1.log.trigger.4.log",
        "dag_id=d/task_id=t/attempt=2.log",
        "dag_id=d/task_id=t/attempt=10.log.gz",
        "OUT.TXT",
        "pod.zst",
        "stderr",
    ]
    others = [
        "a.py",
        "a.parquet",
        "a.csv.gz",
        "a.tar.gz",
        "a.png",
        ".hidden.log",
        ".git/x.log",
        "Makefile",
        "x.json",
    ]
    for name in logs + others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x\n")
    (tmp_path / "blob").write_bytes(bytes(64))
    (tmp_path / "empty").touch()
    found = [str(path.relative_to(tmp_path)) for path in find_logs([tmp_path])]
    assert sorted(found) == sorted([*logs, "empty"])
    inner = [name for name in found if name.startswith("dag_id")]
    assert inner == logs[2:6]
    assert found.index("app.log.2") < found.index("app.log.10")


def test_files_are_taken_as_given(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    assert list(find_logs([path, tmp_path])) == [path]
