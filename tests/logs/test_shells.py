"""Shells around a message: every format that we claim to read gives the bare message and level."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.shells import unshell

LINES = [
    (
        "[2026-11-22T08:45:56.614+0000] {subprocess.py:106} INFO - cp: cannot stat 'a'",
        "cp: cannot stat 'a'",
        "INFO",
        "subprocess.py",
    ),
    ("[2020-06-22 20:15:35,141] {{taskinstance.py:1150}} ERROR - boom", "boom", "ERROR", None),
    ("2026-01-01 00:00:00,123 WARNING disk is nearly full", "disk is nearly full", "WARNING", None),
    ("2026-01-01T00:00:00Z ERROR boom", "boom", "ERROR", None),
    ("26/01/01 00:00:00 ERROR SparkContext: boom", "SparkContext: boom", "ERROR", None),
    ("scheduler_1  | [2026-01-01 00:00:00,1] {dagbag.py:3} ERROR - boom", "boom", "ERROR", None),
    (
        "[2026-01-01 00:00:00,123: ERROR/ForkPoolWorker-1] boom",
        "boom",
        "ERROR",
        "ForkPoolWorker-1",
    ),
    ("[base] Traceback (most recent call last):", "Traceback (most recent call last):", None, None),
    ("b'Traceback (most recent call last):\\n'", "Traceback (most recent call last):", None, None),
    ("ERROR: boom", "boom", "ERROR", None),
    ("just text", "just text", None, None),
    ("", "", None, None),
]


@pytest.mark.parametrize(("line", "message", "level", "logger"), LINES)
def test_formats(line: str, message: str, level: str | None, logger: str | None) -> None:
    shell = unshell(line)
    assert (shell.message, shell.level) == (message, level)
    if logger is not None:
        assert shell.logger == logger


@given(st.text())
def test_the_message_is_a_part_of_the_line(line: str) -> None:
    shell = unshell(line)
    assert shell.message in line or line.startswith(("b'", 'b"'))
