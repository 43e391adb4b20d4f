"""A store to look at before one has any: the bundled logs, as if they had failed over two weeks.

The logs, and what is said about them, are real. Made up, by a seeded chance, are the nights on which
each of them failed, the history of runs that goes with it, and two datasets with their faults; what is
then found in the history and in the datasets is reckoned as always.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from dagnosis.incidents.contract import IncidentStore, Occurrence
from dagnosis.incidents.store import Remembered
from dagnosis.logs.reading import find_logs, read_path
from dagnosis.model import Diagnosis, TaskRef
from dagnosis.services import outlook
from dagnosis.services.explain import Examined, examine
from dagnosis.services.remember import remembered

if TYPE_CHECKING:
    from dagnosis.data.profile import Engine
    from dagnosis.data.store import ProfileStore

NIGHTS, HISTORY, BATCHES = 14, 45, 28
"""Nights of failures, days of runs, days of data."""
SEED = 20261125


class Staged(msgspec.Struct, frozen=True):
    """How much there is to look at."""

    incidents: int
    failures: int
    datasets: int
    risks: int


class Empty(Protocol):
    """The stores to fill."""

    @property
    def incidents(self) -> IncidentStore:
        """Of incidents."""

    @property
    def diagnoses(self) -> Any:
        """Of diagnoses."""

    @property
    def profiles(self) -> Any:
        """Of profiles of batches."""


def stage(
    stores: Empty,
    folder: Path,
    *,
    now: datetime | None = None,
    batches: int = BATCHES,
    step: Callable[[float, str], None] = lambda share, doing: None,
) -> Staged:
    """Fill empty stores; `folder` takes the history of runs and the batches of the datasets, of which
    there are `batches` (from 1) before the newest one."""
    now = now or datetime.now(timezone.utc)
    incidents = stores.incidents
    step(0.0, "logs")
    chance = random.Random(SEED)  # noqa: S311 - which night fails is no secret
    failed: dict[str, set[int]] = {}
    tasks: list[TaskRef] = []
    found: list[Occurrence] = []
    for examined, kept in _failures():
        task = examined.answer.task
        assert task is not None
        tasks.append(task)
        if kept is None:
            continue
        nights = _nights(examined.answer, chance)
        failed[task.dag_id] = nights
        for night in sorted(nights, reverse=True):
            one = _occurrence(examined.answer, kept, task, night, now, chance)
            stores.diagnoses.remember(_moved(kept, one))
            found.append(one)
    told = incidents.record(sorted(found, key=lambda one: one.occurred))
    _recover(incidents, failed, tasks, now)
    step(0.3, "risks")
    runs = folder / "runs.parquet"
    _history(runs, tasks, failed, now, chance)
    ahead = outlook.look(runs)
    outlook.keep(incidents, ahead)
    step(0.5, "data")
    return Staged(
        incidents=len({one.incident_id for one in told}),
        failures=len(found),
        datasets=_datasets(stores.profiles, folder, now, batches),
        risks=len(ahead.risks),
    )


def _failures() -> Iterator[tuple[Examined, Remembered | None]]:
    """Every bundled log that names its try; with what is kept of it where it failed."""
    with as_file(files("dagnosis") / "samples") as samples:
        for path in find_logs([Path(samples)]):
            log = read_path(path)
            examined = examine(log)
            if examined.answer.task is not None:
                yield examined, remembered(log, examined) if examined.finding else None


def _nights(answer: Diagnosis, chance: random.Random) -> set[int]:
    """How many nights ago a task failed: what passes by itself comes and goes, what does not began
    some night and stays."""
    if answer.transience == "transient":
        return {night for night in range(NIGHTS) if chance.random() < 0.25} or {1}
    began = chance.choice((0, 0, 0, 1, 1, 2, 3, 6))
    over = 0 if chance.random() < 0.7 else min(began, 2)
    return set(range(over, began + 1))


def _occurrence(
    answer: Diagnosis,
    kept: Remembered,
    task: TaskRef,
    night: int,
    now: datetime,
    chance: random.Random,
) -> Occurrence:
    cause = next((line for line in answer.evidence if line.role == "cause"), None)
    quoted = cause or (answer.evidence[0] if answer.evidence else None)
    occurred = now - timedelta(days=night, minutes=chance.uniform(8, 240))
    return Occurrence(
        task=msgspec.structs.replace(task, run_id=f"nightly_{occurred:%Y-%m-%d}"),
        occurred=occurred,
        found_by="file",
        fingerprint=answer.fingerprint,
        cause=answer.cause,
        detail=answer.detail,
        title=answer.title,
        confidence=answer.confidence,
        transience=answer.transience,
        engine=answer.engine,
        message=kept.message,
        quote=quoted.text if quoted else "",
        quote_line=quoted.line if quoted else 0,
        fix=answer.fix,
        diagnosis_id=f"{int(kept.id, 16) ^ night:016x}",
        duration=round(chance.uniform(4, 900), 1),
        lines_total=answer.lines_total,
    )


def _moved(kept: Remembered, one: Occurrence) -> Remembered:
    return msgspec.structs.replace(
        kept,
        id=one.diagnosis_id,
        run_id=one.task.run_id,
        occurred=one.occurred,
        diagnosed=one.occurred + timedelta(seconds=20),
    )


def _recover(
    incidents: IncidentStore, failed: dict[str, set[int]], tasks: Iterable[TaskRef], now: datetime
) -> None:
    """What ran well in the nights after it failed."""
    for task in tasks:
        for night in range(min(failed.get(task.dag_id, {0})) - 1, -1, -1):
            incidents.green(task.dag_id, task.task_id, now - timedelta(days=night, minutes=5))


def _history(
    path: Path,
    tasks: Iterable[TaskRef],
    failed: dict[str, set[int]],
    now: datetime,
    chance: random.Random,
) -> None:
    from dagnosis.forecast import kept

    def rows() -> Iterator[dict[str, Any]]:
        for task in tasks:
            usual = chance.uniform(30, 1800)
            owner = chance.choice(("finance", "growth", "platform"))
            hour = chance.uniform(0.2, 6)
            for night in range(HISTORY, -1, -1):
                asked = now - timedelta(days=night, hours=hour)
                bad = night in failed.get(task.dag_id, ()) or chance.random() < 0.01
                seconds = usual * chance.lognormvariate(0, 0.25) * (0.4 if bad else 1)
                yield {
                    "run_uid": f"{task.dag_id}-{night}",
                    "dag_id": task.dag_id,
                    "task_id": task.task_id,
                    "run_id": f"nightly_{asked:%Y-%m-%d}",
                    "submit_time": asked,
                    "start_time": asked + timedelta(seconds=3),
                    "end_time": asked + timedelta(seconds=3 + seconds),
                    "state": "failed" if bad else "success",
                    "owner": owner,
                    "queue": "default",
                }

    kept.add(path, rows())


def _datasets(profiles: ProfileStore, folder: Path, now: datetime, batches: int) -> int:
    """Learn the past of two tables, then check the newest batch of each; that of the first is bad."""
    from dagnosis.data.profile.duckdb import DuckDBEngine
    from dagnosis.services.check import check

    chance = random.Random(SEED + 1)  # noqa: S311 - as above
    for name, faulty in (("shop.orders", True), ("shop.customers", False)):
        for day in range(batches, -1, -1):
            partition = f"{now - timedelta(days=day):%Y-%m-%d}"
            path = folder / f"{name}-{partition}.csv"
            _batch(path, partition, chance, bad=faulty and day == 0)
            engine = DuckDBEngine(path)
            if day:
                _learn(engine, name, partition, profiles)
            else:
                check(engine, name, partition, "", profiles)
            path.unlink()
    return 2


def _learn(engine: Engine, name: str, partition: str, profiles: ProfileStore) -> None:
    """What a check keeps of a healthy batch, without judging it."""
    from dagnosis.data.profile import profile_rows, read

    _, totals, rows = read(engine)
    memory = profiles.memory(name)
    found = memory.measure(rows)
    made = profile_rows(rows, totals, dataset=name, partition=partition)
    memory.learn(rows)
    made = msgspec.structs.replace(made, counts=found.counts, gauges=found.gauges)
    profiles.record(made, "healthy", memory)


def _batch(path: Path, day: str, chance: random.Random, *, bad: bool) -> None:
    """A day of orders: on the bad one half of the amounts are in cents, and countries are missing."""
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("id", "amount", "country", "channel", "ordered_at"))
        for place in range(int(chance.gauss(300, 12))):
            amount = round(chance.lognormvariate(3.4, 0.6), 2)
            country = chance.choices(("DE", "FR", "PL", "NL"), (50, 25, 15, 10))[0]
            if bad and place % 2:
                amount, country = round(amount * 100, 2), ""
            hour = min(max(int(chance.gauss(14, 4)), 0), 23)
            channel = chance.choice(("web", "app", "shop"))
            out.writerow((f"{day}-{place}", amount, country, channel, f"{day} {hour:02d}:15:00"))
