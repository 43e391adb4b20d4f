"""The time that a log states last."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.dating import last_time


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"timestamp":"2026-11-22T08:45:11.087538Z","event":"a"}', "2026-11-22T08:45:11.087538"),
        ("[2026-11-22T08:45:58.459+0000] {etl.py:3} INFO - a", "2026-11-22T08:45:58.459000"),
        ("[2020-01-02 03:04:05,678] {etl.py:3} INFO - a", "2020-01-02T03:04:05.678000"),
        ("2026-11-22 08:45:58-05:30 a", "2026-11-22T14:15:58"),
        ("2026-11-22 08:45:58.123456789 a", "2026-11-22T08:45:58.123456"),
    ],
)
def test_shapes_of_time(line: str, expected: str) -> None:
    found = last_time(["2001-01-01 00:00:00 first", line, "no time"])
    assert found
    assert found.isoformat() == f"{expected}+00:00"


def test_what_is_no_time() -> None:
    assert last_time([]) is None
    assert (
        last_time(["none", "2026-02-31 08:00:00 no such day", "x" * 200 + "2026-01-01 00:00:00"])
        is None
    )
    assert last_time(["9999-12-31T23:59:59-12:00 too late"]) is None


@given(st.lists(st.text(max_size=60)))
def test_any_lines(lines: list[str]) -> None:
    found = last_time(lines)
    assert found is None or found.tzinfo is not None
