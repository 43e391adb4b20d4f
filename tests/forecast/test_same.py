"""A replay says what it said before: whoever makes it faster changes no forecast."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dagnosis.forecast.models import make
from dagnosis.forecast.online import Forecaster, Schedule, replay
from tests.forecast.making import events

KEPT = Path(__file__).parent / "golden" / "replay_prior.csv"
"""Answers with the prior, which needs NumPy alone, of two streams: without tasks and with them."""
SCHEDULE = Schedule(first=20, growth=1.3, check=1.1)


def test_as_before() -> None:
    with KEPT.open(newline="") as file:
        before = {row["run_uid"]: float(row["p_fail"]) for row in csv.DictReader(file)}
    now = {
        f"{seed}-{uid}": chance
        for seed in (3, 4)
        for uid, chance in replay(events(300, seed), Forecaster(lambda: make("prior"), SCHEDULE))
    }
    assert now == pytest.approx(before, rel=0, abs=1e-9)
