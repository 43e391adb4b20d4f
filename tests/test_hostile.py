"""Logs that are written to harm: by size, by bytes, by what a terminal makes of them.

Bombs, encodings and long lines are tried where they are read (tests/logs); here a whole command is.
"""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from click.testing import CliRunner

from dagnosis.cli import app
from dagnosis.errors import UnreadableInput
from dagnosis.services.explain import explain

FAILURE = (
    "[2026-11-26T04:00:02.000+0000] {taskinstance.py:1824} ERROR - Task failed with exception\n"
    "Traceback (most recent call last):\n"
    '  File "/opt/airflow/dags/load.py", line 12, in load\n'
    "    import pandas\n"
    "ModuleNotFoundError: No module named 'pandas'\n"
)
TERMINAL = {
    "colour": "\x1b[31m",
    "cursor": "\x1b[2J\x1b[1;1H",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "8-bit": "\x9b31m",
    "bell and backspace": "\x07\x08\x08",
    "bidi": "\u202e\u2066",
    "zero width": "\u200b\u2060",
    "nul": "\0",
}


def run(*arguments: str) -> tuple[int, str]:
    ran = CliRunner().invoke(app, list(arguments))
    return ran.exit_code, ran.output


@pytest.mark.parametrize("code", TERMINAL.values(), ids=TERMINAL)
def test_nothing_reaches_the_terminal(tmp_path: Path, code: str) -> None:
    log = tmp_path / "hostile.log"
    log.write_text(
        FAILURE.replace("'pandas'", f"'pandas'{code}").replace("Task failed", f"Task {code}failed"),
        "utf-8",
    )
    exit_code, shown = run("explain", str(log))
    assert exit_code == 1
    assert "pandas" in shown
    left = {character for character in shown if not character.isprintable()} - {"\n", "\t"}
    assert left == set()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "latin-1"])
def test_an_encoding_changes_no_answer(tmp_path: Path, encoding: str) -> None:
    log = tmp_path / "encoded.log"
    log.write_bytes(FAILURE.encode(encoding))
    assert explain(log).cause == "missing_dependency"


def test_invalid_bytes_change_no_answer(tmp_path: Path) -> None:
    log = tmp_path / "invalid.log"
    log.write_bytes(b"\xfa\xff caf\xe9 \xc3\x28\n" * 3 + FAILURE.encode() + b"\xed\xa0\x80\n")
    assert explain(log).cause == "missing_dependency"


def test_ten_gigabytes_that_are_a_hole(tmp_path: Path) -> None:
    """A sparse file is refused for its zeros, long before they are read."""
    log = tmp_path / "sparse.log"
    with log.open("wb") as file:
        file.write(b"INFO - it begins\n")
        file.truncate(10 << 30)
        file.seek(0, 2)
        file.write(b"\n" + FAILURE.encode())
    with pytest.raises(UnreadableInput, match="is binary"):
        explain(log)


def test_a_line_of_a_hundred_megabytes(tmp_path: Path) -> None:
    log = tmp_path / "long.log"
    with log.open("wb") as file:
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b"\n" + FAILURE.encode())
    tracemalloc.start()
    answer = explain(log)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.cause == "missing_dependency"
    assert peak < 150 << 20


def test_json_holds_any_byte_and_stays_json(tmp_path: Path) -> None:
    log = tmp_path / "any.log"
    log.write_bytes(bytes(range(1, 256)) + b"\n" + FAILURE.encode())
    _, shown = run("explain", "--json", str(log))
    assert json.loads(shown)["cause"] == "missing_dependency"
