"""The run table: one row a try, and the stream of requests and outcomes that it stands for.

`COLUMNS` is the canonical table. It is read from CSV and Parquet (DuckDB, streamed in blocks) and
from Airflow's metadata database (`airflow_history`). A stream of events has the same columns and
`kind` (request, outcome) and `time`: a request holds what is known when a run is asked for, an
outcome its start, end and state.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import msgspec

from dagnosis.errors import UnreadableInput, WrongUse

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from dagnosis.forecast.facts import Fact

State: TypeAlias = Literal["success", "failed", "cancelled", "unfinished", "unknown"]
STATES: tuple[State, ...] = ("success", "failed", "cancelled", "unfinished", "unknown")

AIRFLOW_STATES: dict[str, State] = {
    "success": "success",
    "failed": "failed",
    "up_for_retry": "failed",
    "skipped": "cancelled",
    "upstream_failed": "cancelled",
    "removed": "cancelled",
    "restarting": "cancelled",
    "cancelled": "cancelled",
    "running": "unfinished",
    "queued": "unfinished",
    "scheduled": "unfinished",
    "deferred": "unfinished",
    "up_for_reschedule": "unfinished",
    "awaiting_input": "unfinished",
    "none": "unfinished",
    "unfinished": "unfinished",
    "unknown": "unknown",
}
"""Airflow's states of a try -> ours. A try that is up for retry has failed; what upstream failures,
skips and removals leave behind is a consequence and no label."""


class Column(NamedTuple):
    """A column of the run table: its type, whether a table may lack it, what it means."""

    kind: Literal["text", "time", "number"]
    needed: bool
    meaning: str


COLUMNS: dict[str, Column] = {
    "run_uid": Column("text", True, "unique id of the try"),
    "dag_id": Column("text", True, "the recurring thing"),
    "task_id": Column("text", False, "empty where a row is a whole run"),
    "run_id": Column("text", False, "the DAG run, or a job id"),
    "submit_time": Column("time", True, "when the run was asked for (queued)"),
    "start_time": Column("time", False, "when it started"),
    "end_time": Column("time", False, "when it ended; empty while it runs"),
    "state": Column("text", True, "success, failed, cancelled, unfinished or unknown"),
    "queue": Column("text", False, "queue or pool"),
    "operator": Column("text", False, "operator or scheduling class"),
    "owner": Column("text", False, "owner or user"),
    "version": Column("text", False, "version of the DAG or its bundle"),
    "priority": Column("number", False, "priority weight"),
    "req_cpus": Column("number", False, "CPUs asked for"),
    "req_mem": Column("number", False, "memory asked for"),
    "req_time": Column("number", False, "seconds asked for"),
}
"""`try_number` is left out on purpose: the row of a finished task keeps only its last value, so it
tells the outcome. Earlier tries are rows of their own, and the streak of the task knows them."""

_EVENT_COLUMNS = ("kind", "time")


class Request(NamedTuple):
    """A run as it is known before it starts. Times are seconds since 1970, UTC; a missing number is
    NaN, a missing text empty."""

    uid: str
    dag_id: str
    task_id: str = ""
    time: float = 0.0
    queue: str = ""
    operator: str = ""
    owner: str = ""
    version: str = ""
    priority: float = math.nan
    req_cpus: float = math.nan
    req_mem: float = math.nan
    req_time: float = math.nan


class Outcome(NamedTuple):
    """How a run ended, from the moment `time` when it was known.

    `label` is 1 for failed, 0 for success, -1 for an end that is no label; `seconds` is how long it
    ran, 0 where it never started.
    """

    uid: str
    time: float
    label: int
    seconds: float


Event: TypeAlias = "Request | Outcome"


class Trouble(msgspec.Struct):
    """What was odd in a stream and how often: the fall-back taken, and where it was first."""

    counts: dict[str, int] = {}
    first: dict[str, str] = {}

    def note(self, what: str, where: str) -> None:
        """Count one."""
        self.counts[what] = self.counts.get(what, 0) + 1
        self.first.setdefault(what, where)

    def lines(self) -> list[str]:
        """A sentence for each kind, in order of first appearance."""
        return [
            f"{what} ({count:,} times; first: {self.first[what]})"
            for what, count in self.counts.items()
        ]


_SHOWN = (
    "dag_id",
    "task_id",
    "run_id",
    "submit_time",
    "start_time",
    "end_time",
    "state",
    "operator",
)  # fmt: skip


class Table:
    """A file of runs or events, opened with DuckDB; rows come in blocks, in the order of the file.

    Raises `UnreadableInput` for a file that is none, and `WrongUse`-free: columns are checked here,
    values row by row by the readers.
    """

    def __init__(self, path: Path, block: int = 20_000) -> None:
        self.path = path
        self.block = block
        self._connection, self._scan, self._types = _open(path)
        self.columns = tuple(self._types)
        self.is_events = set(_EVENT_COLUMNS) <= set(self.columns)

    def __len__(self) -> int:
        row = self._connection.execute(f"SELECT count(*) FROM {self._scan}").fetchone()
        return int(row[0]) if row else 0

    def uids(self) -> list[str]:
        """The run_uid of every row, in the order of the file."""
        rows = self._connection.execute(f"SELECT {self._text('run_uid')} FROM {self._scan}")
        return [uid for (uid,) in rows.fetchall()]

    def events(self, trouble: Trouble | None = None) -> Iterator[Event]:
        """The stream: as it stands in a file of events, in order of time for a table of runs.

        Raises `UnreadableInput` that names row and column of a value that cannot be read.
        """
        if self.is_events:
            self._require(("run_uid", "dag_id"))
            yield from self._stream(self._event_query(), trouble or Trouble())
        else:
            self._require(tuple(n for n, c in COLUMNS.items() if c.needed))
            yield from self._stream(self._run_query(), trouble or Trouble())

    def run_columns(self) -> dict[str, NDArray[Any]]:
        """The table of runs as arrays: what `batch.from_columns` takes.

        Raises `UnreadableInput` for a table of events, missing columns, values that are none,
        empty ids and times, and a run_uid that stands twice.
        """
        import duckdb

        if self.is_events:
            raise UnreadableInput(
                f"{self.path}: is a stream of events (it has kind and time); give a table of runs"
            )
        self._require(tuple(n for n, c in COLUMNS.items() if c.needed))
        connection = self._connection.cursor()
        connection.execute("SET TimeZone = 'UTC'")
        try:
            raw = connection.execute(self._array_query()).fetchnumpy()
        except duckdb.Error as error:
            raise UnreadableInput(f"{self.path}: {self._blame(str(error))}") from None
        self._check(raw)
        return raw

    def numbers(
        self, known: Sequence[Fact]
    ) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
        """Numbers of the DAG and the task ("dag", "task") of every run, in the order of the file, and
        of every fact; equal where the names are."""
        import numpy as np

        ids = [(fact.dag_id, fact.task_id) for fact in known]
        task = f"coalesce({self._text('task_id')}, '')" if "task_id" in self._types else "''"
        rows = self._connection.execute(
            f"SELECT {self._text('dag_id')}, {task} FROM {self._scan}"
        ).fetchnumpy()
        dags, tasks = (np.asarray(column, object) for column in rows.values())
        of_dag: dict[str, int] = {}
        of_task: dict[tuple[str, str], int] = {}
        for dag, task_id in ids:
            of_dag.setdefault(dag, len(of_dag))
            of_task.setdefault((dag, task_id), len(of_task))
        runs = {
            "dag": np.array([of_dag.get(dag, -1) for dag in dags], np.int64),
            "task": np.array(
                [of_task.get(pair, -1) for pair in zip(dags, tasks, strict=True)], np.int64
            ),
        }
        return runs, {
            "dag": np.array([of_dag[dag] for dag, _ in ids], np.int64),
            "task": np.array([of_task[pair] for pair in ids], np.int64),
        }

    def _check(self, raw: dict[str, NDArray[Any]]) -> None:
        import numpy as np

        for name, flag in (("run_uid", "no_uid"), ("dag_id", "no_dag"), ("submit_time", "no_time")):
            empty = np.flatnonzero(raw[flag])
            if len(empty):
                raise UnreadableInput(f"{self.path}: row {empty[0] + 1}: {name} is empty")
        uids = raw["uid"]
        order = np.argsort(uids, kind="stable")
        twice = np.flatnonzero(uids[order][1:] == uids[order][:-1])
        if len(twice):
            later = int(order[twice + 1].min())
            found = self._connection.execute(
                f"SELECT run_uid FROM {self._scan} LIMIT 1 OFFSET {later}"
            ).fetchone()
            raise UnreadableInput(
                f"{self.path}: row {later + 1}: run_uid {found[0] if found else ''!r} "
                "stands twice; each try needs its own"
            )

    def _array_query(self) -> str:
        fields = ", ".join(self._field(name) for name in _EVENT_FIELDS)
        state = "lower(coalesce(state, 'none'))"
        labels = " ".join(
            f"WHEN '{name}' THEN {_LABELS[kind]}"
            for name, kind in AIRFLOW_STATES.items()
            if kind in _LABELS
        )
        texts = {
            name: f"coalesce({name}, '')" for name in ("task_id", "queue", "operator", "owner")
        }
        asked = ", ".join(f"coalesce({name}, 'nan'::DOUBLE)" for name in _SHAPE)
        numbers = ", ".join(
            f"CAST(coalesce({name}, 'nan'::DOUBLE) AS FLOAT) AS {name}"
            for name in ("priority", "req_cpus", "req_mem", "req_time")
        )
        return (
            f"WITH runs AS (SELECT {fields} FROM {self._scan}) SELECT "
            "hash(run_uid) AS uid, run_uid IS NULL AS no_uid, dag_id IS NULL AS no_dag, "
            "submit_time IS NULL AS no_time, coalesce(submit_time, 0) AS submit, "
            "start_time IS NOT NULL AS started, coalesce(start_time, 0) AS start, "
            f"end_time IS NOT NULL AND {state} NOT IN ({_quoted(_UNFINISHED)}) AS ended, "
            f'coalesce(end_time, 0) AS "end", CAST(CASE {state} {labels} ELSE -1 END AS TINYINT) '
            f"AS label, {texts['task_id']} <> '' AS has_task, "
            f"hash(dag_id, {texts['task_id']}) AS task, "
            f"hash(dag_id, {texts['task_id']} <> '') AS dag, hash({texts['owner']}) AS owner, "
            f"hash({texts['queue']}, {texts['operator']}) AS kind, "
            f"hash(dag_id, {texts['queue']}, {texts['operator']}, {asked}) AS shape, "
            "hash(coalesce(version, '')) AS version, coalesce(version, '') <> '' AS has_version, "
            f"{numbers} FROM runs"
        )

    def _require(self, names: tuple[str, ...]) -> None:
        missing = [name for name in names if name not in self._types]
        if missing:
            raise UnreadableInput(
                f"{self.path}: lacks the column{'s' if len(missing) > 1 else ''} "
                f"{', '.join(missing)}; it has {', '.join(self.columns) or 'none'}"
            )

    # ------------------------------------------------------------ SQL

    def _event_query(self) -> str:
        row = "row_number() OVER () AS line"
        fields = ", ".join(self._field(name) for name in _EVENT_FIELDS)
        return (
            f"SELECT {row}, {self._text('kind')} AS kind, {self._time('time')} AS moment, {fields} "
            f"FROM {self._scan}"
        )

    def _run_query(self) -> str:
        fields = ", ".join(self._field(name) for name in _EVENT_FIELDS)
        runs = f"SELECT row_number() OVER () AS line, {fields} FROM {self._scan}"
        state = "lower(coalesce(state, 'none'))"
        ended = f"end_time IS NOT NULL AND {state} NOT IN ({_quoted(_UNFINISHED)})"
        return (
            f"WITH runs AS ({runs}), events AS ("
            "SELECT line, 'request' AS kind, submit_time AS moment, 1 AS turn, "
            f"* EXCLUDE (line) FROM runs UNION ALL "
            "SELECT line, 'outcome', greatest(end_time, submit_time + 1), 0, "
            f"* EXCLUDE (line) FROM runs WHERE {ended}"
            ") SELECT line, kind, moment, * EXCLUDE (line, kind, moment, turn) FROM events "
            "ORDER BY moment, turn, line"
        )

    def recent(
        self, dag_id: str = "", task_id: str = "", most: int = 50, after: int = 0
    ) -> list[dict[str, Any]]:
        """The newest tries, of one DAG or task where it is named, without the first `after` of them.

        Times have a zone; what a row does not hold is None. Raises `UnreadableInput` as the other
        readers do.
        """
        import duckdb

        if self.is_events:
            raise UnreadableInput(
                f"{self.path}: is a stream of events (it has kind and time); give a table of runs"
            )
        self._require(tuple(n for n, c in COLUMNS.items() if c.needed))
        fields = ", ".join(self._field(name) for name in _SHOWN)
        connection = self._connection.cursor()
        connection.execute("SET TimeZone = 'UTC'")
        try:
            connection.execute(
                f"SELECT * FROM (SELECT {fields} FROM {self._scan}) "
                "WHERE ($1 = '' OR dag_id = $1) AND ($2 = '' OR task_id = $2) "
                "ORDER BY submit_time DESC, end_time DESC NULLS FIRST LIMIT $3 OFFSET $4",
                [dag_id, task_id, most, after],
            )
            rows = connection.fetchall()
        except duckdb.Error as error:
            raise UnreadableInput(f"{self.path}: {self._blame(str(error))}") from None
        return [
            {
                name: _moment(value) if COLUMNS[name].kind == "time" else value
                for name, value in zip(_SHOWN, row, strict=True)
            }
            for row in rows
        ]

    def _field(self, name: str) -> str:
        if name not in self._types:
            null = {"text": "VARCHAR", "time": "BIGINT", "number": "DOUBLE"}[COLUMNS[name].kind]
            return f"CAST(NULL AS {null}) AS {name}"
        kind = COLUMNS[name].kind
        made = {"text": self._text, "time": self._time, "number": self._number}[kind](name)
        return f"{made} AS {name}"

    def _text(self, name: str) -> str:
        return f'CAST("{name}" AS VARCHAR)'

    def _number(self, name: str) -> str:
        return f'CAST("{name}" AS DOUBLE)'

    def _time(self, name: str) -> str:
        """Microseconds since 1970. Text without a zone is UTC; a number is seconds."""
        kind = self._types[name]
        if kind in _NUMERIC:
            return f'CAST(round("{name}" * 1e6) AS BIGINT)'
        return f'epoch_us(CAST("{name}" AS TIMESTAMPTZ))'

    def _stream(self, query: str, trouble: Trouble) -> Iterator[Event]:
        connection = self._connection.cursor()
        connection.execute("SET TimeZone = 'UTC'")
        import duckdb

        try:
            connection.execute(query)
            while rows := connection.fetchmany(self.block):
                for row in rows:
                    event = self._event(row, trouble)
                    if event is not None:
                        yield event
        except duckdb.Error as error:
            raise UnreadableInput(f"{self.path}: {self._blame(str(error))}") from None

    def _event(self, row: tuple[Any, ...], trouble: Trouble) -> Event | None:
        (
            number, kind, at, uid, dag, task, submit, start, _end, state,
            queue, operator, owner, version, priority, cpus, memory, seconds,
        ) = row  # fmt: skip
        if uid is None:
            raise UnreadableInput(f"{self.path}: row {number}: run_uid is empty")
        if at is None:
            column = "time" if self.is_events else "submit_time"
            raise UnreadableInput(f"{self.path}: row {number}: {column} is empty")
        if kind == "request":
            if dag is None:
                raise UnreadableInput(f"{self.path}: row {number}: dag_id is empty")
            return Request(
                uid, dag, task or "", (at if submit is None else submit) / 1e6,
                queue or "", operator or "", owner or "", version or "",
                _NAN if priority is None else priority,
                _NAN if cpus is None else cpus,
                _NAN if memory is None else memory,
                _NAN if seconds is None else seconds,
            )  # fmt: skip
        if kind != "outcome":
            raise UnreadableInput(
                f"{self.path}: row {number}: kind is {kind!r}; known are request and outcome"
            )
        known = AIRFLOW_STATES.get((state or "none").lower())
        if known is None:
            trouble.note("unknown states count as no label", f"row {number}, state {state!r}")
        elif known == "unfinished":
            return None
        ran = 0.0 if start is None else max(at - start, 0) / 1e6
        return Outcome(uid, at / 1e6, _LABELS.get(known or "unknown", -1), ran)

    def _blame(self, message: str) -> str:
        """DuckDB's sentence, with the row of the first value that does not convert."""
        for name, column in {**COLUMNS, "time": Column("time", True, "")}.items():
            if name not in self._types or column.kind == "text":
                continue
            kind = "DOUBLE" if column.kind == "number" else "TIMESTAMPTZ"
            found = self._connection.execute(
                f'SELECT row, value FROM (SELECT row_number() OVER () AS row, "{name}" AS value '
                f"FROM {self._scan}) WHERE value IS NOT NULL AND "
                f"try_cast(value AS {kind}) IS NULL LIMIT 1"
            ).fetchone()
            if found and self._types[name] not in _NUMERIC:
                word = "number" if column.kind == "number" else "time"
                return f"row {found[0]}: {name} is {found[1]!r}, which is no {word}"
        return message.splitlines()[0].lower()


_EVENT_FIELDS = (
    "run_uid", "dag_id", "task_id", "submit_time", "start_time", "end_time", "state", "queue",
    "operator", "owner", "version", "priority", "req_cpus", "req_mem", "req_time",
)  # fmt: skip
_SHAPE = ("priority", "req_cpus", "req_time")
TRACK_KEYS = ("task", "dag", "owner", "kind", "shape")
"""The tracks whose members `Table.run_columns` tells apart."""
_UNFINISHED = tuple(name for name, state in AIRFLOW_STATES.items() if state == "unfinished")
_LABELS = {"failed": 1, "success": 0}
_NAN = math.nan
_NUMERIC = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "UBIGINT"}


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else datetime.fromtimestamp(micros / 1e6, timezone.utc)


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _open(path: Path) -> tuple[duckdb.DuckDBPyConnection, str, dict[str, str]]:
    import duckdb

    if not path.exists():
        raise UnreadableInput(f"{path}: no such file")
    suffix = path.name.lower().removesuffix(".gz").removesuffix(".zst").rsplit(".", 1)[-1]
    literal = "'" + str(path).replace("'", "''") + "'"
    if suffix in ("parquet", "pq"):
        scan = f"read_parquet({literal})"
    elif suffix in ("csv", "tsv"):
        # everything as text: a type guessed from the first rows fails at the first odd one
        scan = f"read_csv({literal}, all_varchar = true, header = true)"
    elif suffix in ("jsonl", "ndjson"):
        scan = f"read_json({literal}, format = 'newline_delimited')"
    else:
        raise WrongUse(f"{path}: runs are read from .parquet, .csv, .tsv and .jsonl")
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET preserve_insertion_order = true")
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
    except duckdb.Error as error:
        raise UnreadableInput(f"{path}: {str(error).splitlines()[0].lower()}") from None
    return connection, scan, {name: kind for name, kind, *_ in described}
