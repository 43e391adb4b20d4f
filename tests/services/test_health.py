"""How dagnosis is, by what its processes say; and the risks that a watch reckons."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec

from dagnosis.errors import ServiceUnreachable
from dagnosis.forecast import kept
from dagnosis.services import health, outlook
from dagnosis.services.watch.rounds import Round

START = datetime(2026, 11, 26, 3, tzinfo=timezone.utc)


class Shelf:
    """The part of a store that keeps texts."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def cursor(self, source: str) -> str:
        return self.texts.get(source, "")

    def move(self, source: str, cursor: str) -> None:
        self.texts[source] = cursor


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def grade(shelf: Shelf, now: datetime) -> tuple[str, str]:
    (watch,) = [one for one in health.checks(shelf, now) if one.name == "watch"]
    return watch.grade, watch.found


def test_a_pulse_tells_rounds_lag_and_spool(tmp_path: Path) -> None:
    shelf, clock = Shelf(), Clock()
    (tmp_path / "hints.jsonl").write_bytes(b"x" * 90)
    pulse = health.Pulse(shelf, tmp_path, clock)
    pulse(Round(changed=3, lag=12.0))
    found = health.said(shelf, "watch")
    assert found
    assert (found.lag_seconds, found.spool_files, found.spool_bytes) == (12.0, 1, 90)
    assert found.counts == {"rounds": 1, "changed": 3, "failures_found": 0}
    assert grade(shelf, START + timedelta(seconds=30))[0] == "ok"


def test_a_pulse_is_no_busier_than_it_must_be() -> None:
    shelf, clock = Shelf(), Clock()
    pulse = health.Pulse(shelf, None, clock)
    pulse(Round())
    first = shelf.texts["status:watch"]
    clock.now += timedelta(seconds=5)
    pulse(Round())
    assert shelf.texts["status:watch"] == first
    clock.now += timedelta(seconds=60)
    pulse(Round())
    found = health.said(shelf, "watch")
    assert found
    assert found.counts["rounds"] == 3


def test_trouble_is_told_at_once_without_its_secrets() -> None:
    shelf, clock = Shelf(), Clock()
    pulse = health.Pulse(shelf, None, clock)
    pulse(Round())
    clock.now += timedelta(seconds=1)
    pulse.trouble(ServiceUnreachable("postgresql://me:hunter2hunter2@db/airflow does not answer"))
    told = grade(shelf, clock.now)
    assert told[0] == "bad"
    assert "does not answer" in told[1]
    assert "hunter2hunter2" not in shelf.texts["status:watch"]
    clock.now += timedelta(seconds=60)
    pulse(Round())
    assert grade(shelf, clock.now)[0] == "ok"


def test_silence_lag_and_spool_are_graded() -> None:
    shelf = Shelf()
    status = health.Status(
        process="watch", version="1", said=START, every_seconds=60, last_success=START
    )
    for changed, expected in (
        (status, "ok"),
        (msgspec.structs.replace(status, lag_seconds=4000.0), "warn"),
        (msgspec.structs.replace(status, spool_files=5000), "warn"),
    ):
        health.say(shelf, changed)
        assert grade(shelf, START)[0] == expected
    assert grade(shelf, START + timedelta(minutes=5))[0] == "bad"
    assert grade(Shelf(), START)[0] == "unknown"


def test_a_look_that_fails_is_a_check_that_failed() -> None:
    def profiles() -> health.Check:
        raise ServiceUnreachable("the profile store does not answer")

    assert health.checks(Shelf(), START, (profiles,))[-1] == health.Check(
        "profiles", "bad", "the profile store does not answer", "Do what the message says."
    )


def history(path: Path) -> None:
    """Ten nights of two tasks, of which one always fails."""
    kept.add(
        path,
        (
            {
                "run_uid": f"{task}-{night}", "dag_id": "orders", "task_id": task, "run_id": f"r{night}",
                "submit_time": START - timedelta(days=night), "start_time": START - timedelta(days=night),
                "end_time": START - timedelta(days=night) + timedelta(minutes=5),
                "state": "failed" if task == "load" else "success",
            }
            for task in ("load", "send")
            for night in range(10)
        ),
    )  # fmt: skip


def test_risks_are_reckoned_when_the_history_changed(tmp_path: Path) -> None:
    shelf, seconds, runs = Shelf(), [0.0], tmp_path / "runs.parquet"
    renew = outlook.Renewal(shelf, runs, tmp_path / "models", lambda: seconds[0])
    renew()
    assert outlook.kept(shelf) is None
    history(runs)
    renew()
    first = outlook.kept(shelf)
    assert first
    assert [one.task_id for one in first.risks] == ["load", "send"]
    assert first.risks[0].reasons
    shelf.texts.clear()
    seconds[0] = outlook.EVERY + 1
    renew()
    assert outlook.kept(shelf) is None
    os.utime(runs, (1, 1))
    renew()
    assert outlook.kept(shelf)
