"""An Airflow as rows in memory: what a history answers, with the tests' own clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import msgspec

from dagnosis.errors import ServiceUnreachable
from dagnosis.logs.reading import LogText, read_text
from dagnosis.model import TaskRef
from dagnosis.sources.contract import (
    AssetEvent,
    Attempt,
    BrokenDag,
    DagVersion,
    Event,
    LogSource,
    Run,
    RunHistory,
)

START = datetime(2026, 11, 26, 3, 0, tzinfo=timezone.utc)


class Table(RunHistory):
    """Rows that tests change as Airflow would: the last try of each task instance, the tries before."""

    def __init__(self) -> None:
        self.clock = START
        self.last: dict[TaskRef, Attempt] = {}
        self.earlier: dict[TaskRef, list[Attempt]] = {}
        self.run_rows: dict[tuple[str, str], Run] = {}
        self.event_rows: list[Event] = []
        self.broken: list[BrokenDag] = []
        self.down = False
        self.asked = 0

    @property
    def name(self) -> str:
        return "table"

    def tick(self, seconds: float = 1) -> datetime:
        self.clock += timedelta(seconds=seconds)
        return self.clock

    def put(self, task: TaskRef, state: str, **fields: object) -> Attempt:
        """The row of a try changes; the row of the try before it goes to the history."""
        key = msgspec.structs.replace(task, try_number=0)
        before = self.last.get(key)
        if before and before.task.try_number < task.try_number:
            ended = msgspec.structs.replace(before, state="failed")
            self.earlier.setdefault(key, []).append(ended)
        now = self.tick()
        row = Attempt(
            task=task,
            state=state,
            started=now,
            ended=now if state in ("failed", "success", "skipped", "up_for_retry") else None,
            updated=now,
            **fields,  # type: ignore[arg-type]
        )
        self.last[key] = row
        return row

    def say(self, event: str, task: TaskRef, extra: str = "") -> Event:
        row = Event(
            id=len(self.event_rows) + 1,
            when=self.clock,
            event=event,
            dag_id=task.dag_id,
            run_id=task.run_id,
            task_id=task.task_id,
            map_index=task.map_index,
            try_number=task.try_number,
            extra=extra,
        )
        self.event_rows.append(row)
        return row

    def _asked(self) -> None:
        self.asked += 1
        if self.down:
            raise ServiceUnreachable("table: down")

    def now(self) -> datetime:
        return self.clock

    def attempts(self, since: datetime, until: datetime | None = None) -> Iterator[Attempt]:
        self._asked()
        rows = [row for row in self.last.values() if row.updated and row.updated >= since]
        return iter(sorted(rows, key=lambda row: row.updated or START))

    def tries(self, task: TaskRef) -> list[Attempt]:
        self._asked()
        key = msgspec.structs.replace(task, try_number=0)
        last = self.last.get(key)
        return [*self.earlier.get(key, []), *([last] if last else [])]

    def of_run(self, dag_id: str, run_id: str) -> list[Attempt]:
        self._asked()
        return [
            row
            for row in self.last.values()
            if (row.task.dag_id, row.task.run_id) == (dag_id, run_id)
        ]

    def runs(self, since: datetime, until: datetime | None = None) -> Iterator[Run]:
        self._asked()
        return iter(self.run_rows.values())

    def of_dag(self, dag_id: str, limit: int = 50) -> list[Run]:
        self._asked()
        return [run for (dag, _), run in self.run_rows.items() if dag == dag_id][:limit]

    def events(self, after: int = 0, since: datetime | None = None) -> Iterator[Event]:
        self._asked()
        return (e for e in self.event_rows if e.id > after and (not since or e.when >= since))

    def broken_dags(self) -> list[BrokenDag]:
        self._asked()
        return list(self.broken)

    def asset_events(self, since: datetime) -> Iterator[AssetEvent]:
        return iter(())

    def versions(self, dag_id: str, limit: int = 10) -> list[DagVersion]:
        return []

    def running(self) -> list[Attempt]:
        self._asked()
        return [row for row in self.last.values() if row.state in ("running", "queued")]

    def close(self) -> None:
        pass


class Logs(LogSource):
    """Logs by try."""

    def __init__(self) -> None:
        self.of: dict[TaskRef, str] = {}
        self.down: set[TaskRef] = set()

    @property
    def name(self) -> str:
        return "logs in memory"

    def read(self, task: TaskRef) -> LogText | None:
        if task in self.down:
            raise ServiceUnreachable(f"{task}: no answer")
        text = self.of.get(task)
        return None if text is None else read_text(text, str(task))

    def close(self) -> None:
        pass
