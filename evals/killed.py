"""`dagnosis watch` killed again and again: `python -m evals.killed [--rounds N] [--seconds S]`.

A metadata database with the schema of Airflow 3.3.2 (SQLite), a folder of logs and a spool, in which
failures keep arriving: some with a retry, some without a log, some with a hint, some with an event
that explains them. The real command follows it and is ended by SIGKILL at random times. At the end a
last look (`--once`) is taken, and each failed try must be counted exactly once.

The watch looks back `--overlap` seconds only, not its 90: what a killed one had lost would otherwise
be found again in a short run, and not in a long one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from datetime import datetime, timedelta, timezone
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

import sqlalchemy as sa

from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import open_incidents
from dagnosis.model import TaskRef
from dagnosis.spool import Hint, Spool
from tests.services.watch.storms import CAUSES, Original, originals, varied
from tests.sources.making import Filler, create

LAST_LOOKS = 3
PRELOADED = (
    "dagnosis.cli.watch", "dagnosis.services.watch.afterwards", "dagnosis.services.watch.wiring",
    "dagnosis.services.outlook", "dagnosis.services.notify", "dagnosis.sources.airflow_db",
    "dagnosis.sources.log_files", "alembic.command",
)  # fmt: skip
"""Loaded once, so that watches live long enough to be killed at work."""


class Outcome(NamedTuple):
    """What came of it: watches that were killed (and of them those that had recorded something), tries
    that failed, of them those that are not known, and occurrences that are counted."""

    rounds: int
    failed: int
    missing: int
    counted: int
    killed_while_working: int

    @property
    def right(self) -> bool:
        """Nothing lost, nothing twice."""
        return self.missing == 0 and self.counted == self.failed


class Airflow:
    """Rows, logs, hints and events of an Airflow in which tasks fail."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        self.folder = folder
        self.database = f"sqlite:///{folder / 'airflow.db'}"
        engine = sa.create_engine(self.database, connect_args={"timeout": 60})
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        create(engine, 3)
        self._filler = Filler(engine)
        self._draw = random.Random(seed)
        self._originals = [one for one in originals(CAUSES) if len(one.text) < 20_000]
        self._spool = Spool(folder / "spool")
        self.failed: list[TaskRef] = []
        self._runs = 0

    def environment(self) -> dict[str, str]:
        """Settings of a watch that follows it."""
        return {
            "DAGNOSIS_AIRFLOW_DATABASE": self.database,
            "DAGNOSIS_AIRFLOW_LOGS": str(self.folder / "logs"),
            "DAGNOSIS_STORE": str(self.folder / "store.db"),
            "DAGNOSIS_SPOOL": str(self.folder / "spool"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }

    def fail(self) -> None:
        """One more run, of which a task fails once or twice."""
        self._runs += 1
        now = datetime.now(timezone.utc)
        dag, run = f"dag_{self._runs % 7}", f"manual__{now.isoformat()}"
        self._filler.add(
            "dag_run", id=self._runs, dag_id=dag, run_id=run, state="failed", run_type="manual",
            start_date=now, end_date=now, updated_at=now, run_after=now, queued_at=now,
            created_dag_version_id=None, creating_job_id=None, conf=None, clear_number=0,
        )  # fmt: skip
        tries = 1 + (self._draw.random() < 0.3)
        original = self._draw.choice(self._originals)
        for number in range(1, tries + 1):
            task = TaskRef(dag, run, "load", -1, number)
            self._explain(task, original)
            # as Airflow does: the try before goes to the history when the next one begins
            self._row("task_instance" if number == tries else "task_instance_history", task)
            self.failed.append(task)

    def _row(self, table: str, task: TaskRef) -> None:
        now = datetime.now(timezone.utc)
        self._filler.add(
            table, **task_fields(task), state="failed", max_tries=task.try_number - 1,
            operator="PythonOperator", hostname="worker-1", pool="default_pool", queue="default",
            start_date=now - timedelta(seconds=3), end_date=now, updated_at=now,
            dag_version_id=None, pool_slots=1, priority_weight=1, span_status="ended",
        )  # fmt: skip

    def _explain(self, task: TaskRef, original: Original) -> None:
        now = datetime.now(timezone.utc)
        if self._draw.random() < 0.9:
            log = self.folder.joinpath(
                "logs", f"dag_id={task.dag_id}", f"run_id={task.run_id}",
                f"task_id={task.task_id}", f"attempt={task.try_number}.log",
            )  # fmt: skip
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(varied(original, task, now, self._draw), encoding="utf-8")
        else:
            self._filler.add(
                "log", dttm=now, event="heartbeat timeout", **task_fields(task),
                extra="Task did not emit heartbeat within time limit (30 seconds)", owner="airflow",
            )  # fmt: skip
        if self._draw.random() < 0.5:
            fields = task_fields(task)
            self._spool.write(Hint("task_failed", time=now.timestamp(), state="failed", **fields))

    def keep_failing(self, stop: Event, a_second: float) -> None:
        """Until `stop`; a thread's work."""
        while not stop.wait(self._draw.expovariate(a_second)):
            self.fail()

    def close(self) -> None:
        """Give back connections."""
        self._filler.engine.dispose()


def task_fields(task: TaskRef) -> dict[str, Any]:
    """The columns of a try."""
    return {name: getattr(task, name) for name in task.__struct_fields__}


def watch(environment: dict[str, str], overlap: float, *flags: str) -> None:
    """The command in this process; what it says goes to `watch.log`."""
    os.environ.update(environment)
    place = Path(environment["DAGNOSIS_STORE"]).with_name("watch.log")
    said = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    from dagnosis.cli import main as command
    from dagnosis.services.watch import cursor

    cursor.OVERLAP = timedelta(seconds=overlap)
    sys.argv = ["dagnosis", "watch", *flags]
    command()


def killed(
    rounds: int, *, seconds: float = 2.0, a_second: float = 5.0, overlap: float = 3.0, seed: int = 0
) -> Outcome:
    """So many rounds, each killed after at most `seconds` of life, while `a_second` runs fail.

    Raises RuntimeError where a watch ends by itself, and where the last look fails.
    """
    draw = random.Random(seed)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    with tempfile.TemporaryDirectory() as name:
        airflow = Airflow(Path(name), seed)
        environment = airflow.environment()
        stop = Event()
        failing = Thread(target=airflow.keep_failing, args=(stop, a_second))
        failing.start()
        working = 0
        try:
            for _ in range(rounds):
                before = _counted(environment["DAGNOSIS_STORE"])
                one = context.Process(
                    target=watch, args=(environment, overlap, "--interval", "1", "--json")
                )
                one.start()
                if draw.random() < 0.8:  # else it is killed while it starts, perhaps
                    _wait_until_it_watches(airflow.folder / "watch.log", one)
                time.sleep(draw.uniform(0, seconds))
                one.kill()
                one.join()
                if one.exitcode != -signal.SIGKILL:
                    raise RuntimeError(_said(airflow))
                working += _counted(environment["DAGNOSIS_STORE"]) > before
        finally:
            stop.set()
            failing.join()
            airflow.close()
        for _ in range(LAST_LOOKS):
            last = context.Process(target=watch, args=(environment, overlap, "--once"))
            last.start()
            last.join()
            if last.exitcode not in (0, 1) or "Traceback" in _said(airflow):
                raise RuntimeError(_said(airflow))
        with open_incidents(environment["DAGNOSIS_STORE"]) as incidents:
            known = incidents.counted(airflow.failed)
            found = incidents.find(Query(members=True, limit=200)).incidents
            return Outcome(
                rounds, len(airflow.failed), len(set(airflow.failed) - known),
                sum(one.count for one in found), working,
            )  # fmt: skip


def _wait_until_it_watches(said: Path, one: BaseProcess) -> None:
    before = said.stat().st_size if said.exists() else 0
    while one.is_alive() and not (said.exists() and said.stat().st_size > before):
        time.sleep(0.01)


def _said(airflow: Airflow) -> str:
    return airflow.folder.joinpath("watch.log").read_text(encoding="utf-8")[-2000:]


def _counted(store: str) -> int:
    """How many occurrences are counted; 0 before there is a store."""
    with closing(sqlite3.connect(store, timeout=60)) as connection:
        try:
            (count,) = connection.execute("SELECT count(*) FROM occurrence").fetchone()
        except sqlite3.OperationalError:
            return 0
    return int(count)


def main() -> None:
    """Kill and print; exit code 1 where something was lost or counted twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--a-second", type=float, default=5.0)
    parser.add_argument("--overlap", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    done = killed(
        arguments.rounds, seconds=arguments.seconds, a_second=arguments.a_second,
        overlap=arguments.overlap, seed=arguments.seed,
    )  # fmt: skip
    print(
        f"{done.rounds} watches killed, {done.killed_while_working} of them after they had recorded"
        f" something; {done.failed:,} tries failed, {done.missing} were lost,"
        f" {done.counted - done.failed + done.missing} counted twice"
    )
    sys.exit(0 if done.right else 1)


if __name__ == "__main__":
    main()
