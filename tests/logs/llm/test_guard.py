"""Lines that speak to a model are found, and lines of logs are left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.causes.catalogue import load_causes
from dagnosis.logs.llm.guard import named, speaks_to_a_model, suspicious
from dagnosis.logs.llm.window import WITHHELD, reduce
from dagnosis.logs.parsing import parse
from dagnosis.logs.reading import read_text

DATA = Path(__file__).parent.parent / "data"
INJECTIONS = [
    json.loads(row) for row in (DATA / "injections.jsonl").read_text("utf-8").splitlines()
]


def test_injections_are_many() -> None:
    assert len(INJECTIONS) >= 150
    assert len({row["text"] for row in INJECTIONS}) >= 150
    assert len({row["language"] for row in INJECTIONS}) >= 25


@pytest.mark.parametrize("technique", sorted({row["technique"] for row in INJECTIONS} - {"unseen"}))
def test_no_order_is_sent_as_it_stands(technique: str) -> None:
    rows = [row for row in INJECTIONS if row["technique"] == technique]
    missed = []
    for row in rows:
        window = reduce(parse(read_text(row["text"] + "\n", "x")))
        sent = [line.text for line in window.lines if line.text != WITHHELD]
        if " ".join(sent) == " ".join(row["text"].split()):
            missed.append(row["text"])
    assert len(missed) <= len(rows) // 40


def test_lines_of_logs_are_left_alone() -> None:
    causes = [text for cause in load_causes() for text in cause.spec.examples.match]
    assert sum(map(speaks_to_a_model, causes)) <= len(causes) // 500
    assert sum(map(suspicious, causes)) <= len(causes) // 50


@pytest.mark.parametrize(
    "line",
    [
        "ValueError: ignoring row 7, previous batch was empty",
        "The server did not respond in time",
        "requests.exceptions.ReadTimeout: HTTPConnectionPool: Read timed out. (read timeout=30)",
        "You must configure AIRFLOW__CORE__FERNET_KEY",
        "psycopg2.OperationalError: could not connect to server: Connection refused",
        "User model validation failed: email is required",
        "",
    ],
)
def test_near_misses(line: str) -> None:
    assert not suspicious(line)


def test_families_are_named_in_disguise() -> None:
    assert named("the r-a-t-e limit quota") == frozenset()
    assert named("тimeоut of the wоrker lost") >= {"worker_lost"}
    assert named("worker\u200b_lost") == {"worker_lost"}


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert suspicious(text) in (True, False)
