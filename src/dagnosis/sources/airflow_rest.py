"""What the REST APIs of Airflow 2 and 3 have in common: paging, conversion, logs as a stream.

`airflow_api` (v2, Airflow 3) and `airflow_api_v1` (Airflow 2.10 and 2.11) say how each differs.

REST does not state when a row last changed (`Attempt.updated` is None), and cannot sort task
instances by it. A poll therefore takes `now()` before it asks, and asks from there the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, BinaryIO, ClassVar, TypeVar, overload

import msgspec

from dagnosis.errors import ServiceUnreachable, UnreadableInput
from dagnosis.logs.reading import Limits as LogLimits
from dagnosis.logs.reading import LogText, read_stream
from dagnosis.model import TaskRef
from dagnosis.sources.contract import SETTLED, AssetEvent, Attempt, BrokenDag, Event, Run, by_try
from dagnosis.sources.prefix import without_prefix
from dagnosis.sources.rest import Rest, segment

Row = Mapping[str, Any]
T = TypeVar("T")

PAGE = 100
"""Rows of a page: Airflow gives no more by default (`[api] maximum_page_limit`)."""
OVERLAP = 10
"""Rows by which pages by offset overlap, so that rows that move while we read are not lost."""
MARGIN = timedelta(minutes=1)
"""Ids and times of events do not grow quite alike; so far they are taken to differ at most."""
ACTIVE = ("running", "restarting", "queued", "scheduled", "deferred", "up_for_reschedule")
"""States of tries that run, or wait to run."""


class RestHistory:
    """The part of `RunHistory` that is alike in both APIs."""

    prefix: ClassVar[str]
    """The API's path below the server's address."""
    runs_newest_first: ClassVar[str]
    asset_events_path: ClassVar[str]
    asset_events_key: ClassVar[str]
    asset_uri_key: ClassVar[str]

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    @property
    def name(self) -> str:
        """The server's address."""
        return self._rest.root

    def now(self) -> datetime:
        """The server's time, by its `Date` header."""
        if (stated := self._rest.now()) is None:
            self._rest.get(f"{self.prefix}/version")
            stated = self._rest.now()
        return stated or datetime.now(timezone.utc)

    def close(self) -> None:
        """Give back connections."""
        self._rest.close()

    def version(self) -> str:
        """Airflow's version, such as 3.3.2."""
        found = self._rest.get(f"{self.prefix}/version")
        return str(found.get("version", "")) if isinstance(found, dict) else ""

    def tries(self, task: TaskRef) -> list[Attempt]:
        """Every try, the first one first; [] for a task instance that is not known."""
        path = self._task_path(task)
        if path is None:
            return []
        index = f"/{task.map_index}" if task.map_index >= 0 else ""
        found = self._rest.find(f"{path}{index}/tries")
        if found is None:
            return []
        return by_try(self._converted(self._rows(found, "task_instances"), attempt))

    def of_dag(self, dag_id: str, limit: int = 50) -> list[Run]:
        """The newest runs, the newest first; [] for a DAG that is not known."""
        name = segment(dag_id)
        if name is None or limit < 1:
            return []
        params = {"order_by": self.runs_newest_first}
        rows = self._by_offset(f"/dags/{name}/dagRuns", "dag_runs", params, _run_key, most=limit)
        return list(self._converted(rows, run))[:limit]

    def events(self, after: int = 0, since: datetime | None = None) -> Iterator[Event]:
        """Rows of the event log by id; those of the last five seconds come with the next call."""
        now = self.now()
        params: dict[str, Any] = {"order_by": "event_log_id"}
        begin = self._begin(after, since)
        if begin is not None:
            params["after"] = stated(begin - timedelta(microseconds=1))
        start = self._place(after) if after > 0 and begin is None else 0
        rows = self._by_offset("/eventLogs", "event_logs", params, _event_key, start=start)
        for found in self._converted(rows, event):
            if now - SETTLED <= found.when <= now + MARGIN:
                return
            if found.id > after:
                yield found

    def _begin(self, after: int, since: datetime | None) -> datetime | None:
        """The time of the event `after`, where it is later than `since`: pages begin there."""
        row = self._rest.find(f"{self.prefix}/eventLogs/{after}") if after > 0 else None
        when = _time(row, "when") if isinstance(row, dict) else None
        begins = [time for time in (since, when and when - MARGIN) if time is not None]
        return max(begins, default=None)

    def _place(self, after: int) -> int:
        """An offset at or before the event that follows `after`, which is not there any more."""
        low, high = 0, 1 << 31
        while low < high:
            middle = (low + high) // 2
            asked = {"order_by": "event_log_id", "limit": 1, "offset": middle}
            found = self._rest.get(f"{self.prefix}/eventLogs", asked)
            rows = self._rows(found, "event_logs")
            if rows and _number(rows[0], "event_log_id") <= after:
                low = middle + 1
            else:
                high = min(middle, max(int(found.get("total_entries") or 0), low))
        return max(low - OVERLAP, 0)

    def broken_dags(self) -> list[BrokenDag]:
        """DAG files that cannot be imported now."""
        params = {"order_by": "import_error_id"}
        rows = self._by_offset("/importErrors", "import_errors", params, _import_error_key)
        return list(self._converted(rows, broken_dag))

    # ------------------------------------------------------------ pages

    def _by_offset(
        self,
        path: str,
        key: str,
        params: Row,
        identity: Callable[[Row], Any],
        most: int | None = None,
        start: int = 0,
    ) -> Iterator[Row]:
        """Rows of all pages from `start` on, each once, though rows come and go while we read."""
        offset, page = start, min(PAGE, most or PAGE)
        recent: dict[Any, None] = {}
        given = 0
        while True:
            asked = {"limit": page, "offset": offset, **params}
            found = self._rest.find(self.prefix + path, asked)
            rows = self._rows(found, key) if found is not None else []
            fresh = [row for row in rows if identity(row) not in recent]
            for row in fresh:
                recent[identity(row)] = None
                given += 1
                yield row
            for old in list(recent)[: -4 * PAGE]:
                del recent[old]
            total = found.get("total_entries") if isinstance(found, dict) else None
            if not fresh or (most is not None and given >= most):
                return
            if isinstance(total, int) and offset + len(rows) >= total:
                return
            offset += max(len(rows) - OVERLAP, 1)

    def _rows(self, found: Any, key: str) -> list[Row]:
        rows = found.get(key) if isinstance(found, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ServiceUnreachable(f"{self.name}: an answer without {key}; is it an Airflow?")
        return rows

    def _converted(self, rows: Iterable[Row], convert: Callable[[Row], T]) -> Iterator[T]:
        for row in rows:
            try:
                yield convert(row)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise ServiceUnreachable(
                    f"{self.name}: a row that is not Airflow's ({type(error).__name__}: "
                    f"{str(error)[:80]})"
                ) from None

    def _run_path(self, dag_id: str, run_id: str) -> str | None:
        dag, run_name = segment(dag_id), segment(run_id)
        if dag is None or run_name is None:
            return None
        return f"{self.prefix}/dags/{dag}/dagRuns/{run_name}/taskInstances"

    def _task_path(self, task: TaskRef) -> str | None:
        above, name = self._run_path(task.dag_id, task.run_id), segment(task.task_id)
        return None if above is None or name is None else f"{above}/{name}"


class RestLogs:
    """The part of `LogSource` that is alike in both APIs: the log comes as a stream and stays bounded.

    Lines that the API server adds are left out, so that numbers are those of the file.
    """

    prefix: ClassVar[str]
    accept: ClassVar[str]

    def __init__(self, rest: Rest, limits: LogLimits | None = None) -> None:
        self._rest = rest
        self._limits = limits

    @property
    def name(self) -> str:
        """The server's address."""
        return self._rest.root

    def close(self) -> None:
        """Give back connections."""
        self._rest.close()

    def read(self, task: TaskRef) -> LogText | None:
        """The log of a try; None where Airflow knows no such try, or it left no line."""
        names = [segment(name) for name in (task.dag_id, task.run_id, task.task_id)]
        if None in names or task.try_number < 1:
            return None
        dag, run_name, name = names
        path = (
            f"{self.prefix}/dags/{dag}/dagRuns/{run_name}/taskInstances/{name}"
            f"/logs/{task.try_number}"
        )
        params = {"map_index": task.map_index, "full_content": "true"}
        index = f"[{task.map_index}]" if task.map_index >= 0 else ""
        called = (
            f"{self.name} {task.dag_id}/{task.run_id}/{task.task_id}{index} try {task.try_number}"
        )

        def read(body: BinaryIO) -> LogText | None:
            clean = without_prefix(body)
            if clean is None:
                return None
            try:
                return read_stream(clean, called, self._limits)
            except UnreadableInput as error:
                if "is empty" in str(error):
                    return None
                raise

        found: LogText | None = self._rest.stream(path, params, self.accept, read)
        return found


# ---------------------------------------------------------------- rows to values


def attempt(row: Row) -> Attempt:
    """A task instance, or an earlier try of one, as both APIs write it."""
    version = row.get("dag_version") or {}
    return Attempt(
        task=TaskRef(
            _id(row, "dag_id"),
            _id(row, "dag_run_id"),
            _id(row, "task_id"),
            _number(row, "map_index", -1),
            _number(row, "try_number"),
        ),
        state=_text(row, "state"),
        operator=_text(row, "operator"),
        hostname=_text(row, "hostname"),
        pool=_text(row, "pool"),
        queue=_text(row, "queue"),
        executor=_text(row, "executor"),
        priority=_number(row, "priority_weight", None),
        max_tries=_number(row, "max_tries", None),
        scheduled=_time(row, "scheduled_when"),
        queued=_time(row, "queued_when"),
        started=_time(row, "start_date"),
        ended=_time(row, "end_date"),
        dag_version=str(version.get("version_number") or ""),
        bundle_version=_text(version, "bundle_version"),
    )


def run(row: Row) -> Run:
    """A DAG run; `dag_version` is the last one of those that its tasks ran with."""
    versions = row.get("dag_versions") or [{}]
    return Run(
        dag_id=_id(row, "dag_id"),
        run_id=_id(row, "dag_run_id"),
        state=_text(row, "state"),
        run_type=_text(row, "run_type"),
        triggered_by=_text(row, "triggered_by"),
        logical_date=_time(row, "logical_date"),
        run_after=_time(row, "run_after") or _time(row, "data_interval_end"),
        queued=_time(row, "queued_at"),
        started=_time(row, "start_date"),
        ended=_time(row, "end_date"),
        dag_version=str(versions[-1].get("version_number") or ""),
        bundle_version=_text(row, "bundle_version") or _text(versions[-1], "bundle_version"),
    )


def event(row: Row) -> Event:
    """A row of the event log."""
    return Event(
        id=_number(row, "event_log_id"),
        when=parsed(row["when"]),
        event=_text(row, "event"),
        dag_id=_text(row, "dag_id"),
        run_id=_text(row, "run_id"),
        task_id=_text(row, "task_id"),
        map_index=_number(row, "map_index", -1),
        try_number=_number(row, "try_number", None),
        owner=_text(row, "owner"),
        extra=_text(row, "extra"),
    )


def broken_dag(row: Row) -> BrokenDag:
    """An import error."""
    return BrokenDag(
        file=_text(row, "filename"),
        stack_trace=_text(row, "stack_trace"),
        when=parsed(row["timestamp"]),
        bundle=_text(row, "bundle_name"),
    )


def asset_event(row: Row, uri_key: str) -> AssetEvent:
    """An asset event; `source` is the task without its try, which Airflow does not tell here."""
    source = None
    if row.get("source_dag_id") and row.get("source_task_id") and row.get("source_run_id"):
        source = TaskRef(
            _text(row, "source_dag_id"),
            _text(row, "source_run_id"),
            _text(row, "source_task_id"),
            _number(row, "source_map_index", -1),
            0,
        )
    return AssetEvent(
        id=_number(row, "id"),
        uri=_text(row, uri_key),
        when=parsed(row["timestamp"]),
        extra=msgspec.json.encode(row.get("extra") or {}).decode(),
        source=source,
    )


def parsed(text: str) -> datetime:
    """A time as Airflow writes it, in UTC; `ValueError` for other text."""
    time = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    if time.tzinfo is None:
        return time.replace(tzinfo=timezone.utc)
    return time.astimezone(timezone.utc)


def stated(time: datetime) -> str:
    """A time as Airflow reads it; one without a zone is UTC."""
    aware = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _text(row: Row, key: str) -> str:
    """A text, "" where there is none; `TypeError` for what is no text."""
    found = row.get(key)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise TypeError(f"{key} is no text")
    return found


def _id(row: Row, key: str) -> str:
    """A text that must be there; `KeyError` where it is not."""
    if not (text := _text(row, key)):
        raise KeyError(key)
    return text


@overload
def _number(row: Row, key: str, default: int = ...) -> int: ...
@overload
def _number(row: Row, key: str, default: None) -> int | None: ...
def _number(row: Row, key: str, default: int | None = 0) -> int | None:
    """A whole number; `TypeError` for what is none."""
    found = row.get(key)
    if found is None:
        return default
    if not isinstance(found, int):
        raise TypeError(f"{key} is no number")
    return found


def _time(row: Row, key: str) -> datetime | None:
    text = row.get(key)
    return parsed(text) if text else None


def attempt_key(row: Row) -> Any:
    """What tells one task instance's try from others."""
    keys = ("dag_id", "dag_run_id", "task_id", "map_index", "try_number")
    return tuple(row.get(key) for key in keys)


def _run_key(row: Row) -> Any:
    return row.get("dag_id"), row.get("dag_run_id")


def _event_key(row: Row) -> Any:
    return row.get("event_log_id")


def _import_error_key(row: Row) -> Any:
    return row.get("import_error_id")
