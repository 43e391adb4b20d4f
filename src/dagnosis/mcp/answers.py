"""The questions of an assistant, answered: each answer is small, redacted and marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.incidents.contract import Incident, IncidentStore, Occurrence, Query, State
from dagnosis.mcp.bounds import bounded, name, offset, page, text
from dagnosis.mcp.roots import LIMITS, Roots
from dagnosis.model import FAMILIES, TaskRef

if TYPE_CHECKING:
    from dagnosis.data.store import ProfileStore
    from dagnosis.services.score import Risk

Answer = dict[str, Any]

STATES: tuple[State, ...] = get_args(State)
SEARCHED = 64 << 20
"""Bytes of logs that a search reads."""
SHOWN = 5
"""Quoted lines, occurrences, columns or entries of one thing."""


class Answers:
    """Answers from what is there; a question about what is not says which option brings it.

    Raises `WrongUse` and `UnreadableInput` with messages that an assistant can act on.
    """

    def __init__(
        self,
        *,
        incidents: IncidentStore | None = None,
        profiles: ProfileStore | None = None,
        logs: Sequence[Path] = (),
        runs: Path | None = None,
    ) -> None:
        self.incidents = incidents
        self.profiles = profiles
        self.roots = Roots(logs)
        self.runs = runs

    # incidents

    def list_incidents(
        self,
        state: str = "",
        cause: str = "",
        dag_id: str = "",
        words: str = "",
        since_hours: int = 0,
        limit: int = 10,
        cursor: str = "",
    ) -> Answer:
        """Incidents, those seen last first; `total` is how many there are."""
        found = self._store().find(
            Query(
                states=(_state(state),) if state else (),
                causes=(_cause(cause),) if cause else (),
                dag_id=dag_id,
                text=words,
                since=_now() - timedelta(hours=since_hours) if since_hours > 0 else None,
                limit=page(limit),
                cursor=cursor,
            )
        )
        return bounded(
            {
                "incidents": [_incident(one) for one in found.incidents],
                "total": found.total,
                "next_cursor": found.next_cursor,
            }
        )

    def show_incident(self, incident_id: int) -> Answer:
        """One incident: what to do, what changed before it, what happened to it, its newest tries."""
        store = self._store()
        one = store.incident(incident_id)
        if one is None:
            raise UnreadableInput(f"incident {incident_id}: there is none; see list_incidents")
        return bounded(
            {
                **_incident(one),
                "fix": [text(step) for step in one.fix],
                "changes": [
                    {
                        "kind": change.kind,
                        "when": change.when,
                        "untrusted": {"text": text(change.text)},
                    }
                    for change in store.changes(incident_id)[:SHOWN]
                ],
                "timeline": [
                    {
                        "when": entry.when,
                        "what": entry.what,
                        "untrusted": {"text": text(entry.text)},
                    }
                    for entry in store.timeline(incident_id)[-2 * SHOWN :]
                ],
                "newest": [
                    _occurrence(tried) for tried in store.occurrences(incident_id, limit=SHOWN)
                ],
            }
        )

    def explain_try(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1, try_number: int = 1
    ) -> Answer:
        """Why one try failed, as it was diagnosed when it was recorded."""
        store = self._store()
        task = TaskRef(dag_id, run_id, task_id, map_index, try_number)
        found = store.occurrence(task)
        if found is None:
            raise UnreadableInput(
                f"{name(dag_id)}/{name(run_id)}/{name(task_id)}: try {try_number} is not recorded as failed; "
                "see run_failures, or explain_log for a log"
            )
        incident = store.of_task(task)
        return bounded(
            {
                **_occurrence(found),
                "fix": [text(step) for step in found.fix],
                "blocked": [name(one) for one in found.blast[: 2 * SHOWN]],
                "incident": _incident(incident) if incident else None,
            }
        )

    def run_failures(self, dag_id: str, run_id: str) -> Answer:
        """What failed in a DAG run, the first one first."""
        failures = self._store().of_run(dag_id, run_id)
        return bounded(
            {"failures": [_occurrence(one) for one in failures[:20]], "total": len(failures)}
        )

    def _store(self) -> IncidentStore:
        if self.incidents is None:
            raise WrongUse("no incidents are kept yet: run dagnosis watch, or set DAGNOSIS_STORE")
        return self.incidents

    # logs

    def explain_log(self, path: str) -> Answer:
        """Why the try failed whose log this is; `path` is below one of the folders of logs."""
        from dagnosis.services.explain import explain_log

        answer = explain_log(self._logs().read(path), evidence=SHOWN)
        return bounded(
            {
                "failed": answer.failed,
                "cause": answer.cause,
                "detail": name(answer.detail),
                "title": text(answer.title),
                "confidence": answer.confidence,
                "transience": answer.transience,
                "retry": answer.retry,
                "fix": [text(step) for step in answer.fix],
                "gaps": [text(gap) for gap in answer.gaps],
                "fingerprint": answer.fingerprint,
                "engine": answer.engine,
                "lines_total": answer.lines_total,
                "truncated": answer.truncated,
                "untrusted": {
                    "exception": text(answer.exception.type) if answer.exception else "",
                    "message": text(answer.exception.message) if answer.exception else "",
                    "evidence": [
                        {"line": line.line, "role": line.role, "text": text(line.text)}
                        for line in answer.evidence
                    ],
                },
            }
        )

    def search_logs(self, words: str, path: str = "", limit: int = 10, cursor: str = "") -> Answer:
        """Templates of log lines that hold all of some words, the most frequent first.

        A template is a line with its variable parts taken out, and stands for all lines like it.
        Searched are the newest logs below `path` (all folders), as far as time allows.
        """
        wanted = words.casefold().split()
        if not wanted:
            raise WrongUse("words: name at least one word that the lines hold")
        found, searched, whole = self._mined(path)
        rows = [
            row
            for row in found.values()
            if all(word in f"{row['template']}\n{row['example']}".casefold() for word in wanted)
        ]
        rows.sort(key=lambda row: (-row["lines"], row["id"]))
        begin, size = offset(cursor), page(limit)
        return bounded(
            {
                "templates": [_shown(row) for row in rows[begin : begin + size]],
                "total": len(rows),
                "next_cursor": str(begin + size) if begin + size < len(rows) else "",
                "logs_searched": searched,
                "all_logs": whole,
            }
        )

    def _mined(self, path: str) -> tuple[dict[str, dict[str, Any]], int, bool]:
        from dagnosis.logs.reading import read_path
        from dagnosis.logs.templates import OTHER, mine

        found: dict[str, dict[str, Any]] = {}
        searched, left = 0, SEARCHED
        logs = list(self._logs().logs(path))
        for where, real in logs:
            if left <= 0:
                break
            try:
                log = read_path(real, LIMITS)
            except UnreadableInput:
                continue
            searched += 1
            left -= log.bytes_total
            for one in mine(log.lines):
                if one.id == OTHER:
                    continue
                row = found.setdefault(
                    one.id,
                    {
                        "id": one.id,
                        "template": one.text,
                        "example": one.example,
                        "lines": 0,
                        "logs": 0,
                        "places": [],
                    },
                )
                row["lines"] += one.count
                row["logs"] += 1
                if len(row["places"]) < SHOWN:
                    row["places"].append((where, log.numbers[one.first_line - 1]))
        return found, searched, searched == len(logs)

    def _logs(self) -> Roots:
        if not self.roots.folders:
            raise WrongUse("no folder of logs may be read: start with dagnosis mcp --logs FOLDER")
        return self.roots

    # data

    def data_findings(
        self, dataset: str = "", alarms_only: bool = True, limit: int = 10, cursor: str = ""
    ) -> Answer:
        """The last finding of each dataset, or the newest ones of one dataset."""
        begin, size = offset(cursor), page(limit)
        rows = [
            row for row in self._findings(dataset) if not alarms_only or row["status"] == "alarm"
        ]
        return bounded(
            {
                "findings": rows[begin : begin + size],
                "total": len(rows),
                "next_cursor": str(begin + size) if begin + size < len(rows) else "",
            }
        )

    def _findings(self, dataset: str) -> Iterable[Answer]:
        if self.profiles is None:
            raise WrongUse(
                "no profiles are kept yet: run dagnosis check --name, or set DAGNOSIS_PROFILES"
            )
        if not dataset:
            for latest in self.profiles.datasets():
                yield {
                    **_finding(latest.dataset, latest.status, latest.finding),
                    "when": latest.made,
                }
            return
        stored = self.profiles.history(dataset, most=100)
        if not stored:
            raise UnreadableInput(f"{name(dataset)}: no batch of it is stored; see data_findings")
        for one in reversed(stored):
            row = _finding(dataset, one.status, one.finding)
            yield {**row, "partition": name(one.profile.partition), "rows": one.profile.rows}

    # runs

    def list_risks(self, limit: int = 10, cursor: str = "") -> Answer:
        """Open and next runs by the risk that they fail, the highest first, with the reasons."""
        from dagnosis.services.score import score

        begin, size = offset(cursor), page(limit)
        scored = score(self._runs(), most=begin + size + 1)
        return bounded(
            {
                "risks": [_risk(one) for one in scored.risks[begin : begin + size]],
                "as_of": scored.now,
                "model": scored.model,
                "next_cursor": str(begin + size) if len(scored.risks) > begin + size else "",
            }
        )

    def run_history(
        self, dag_id: str, task_id: str = "", limit: int = 20, cursor: str = ""
    ) -> Answer:
        """The newest tries of a DAG or of one of its tasks."""
        from dagnosis.forecast.history import Table

        begin, size = offset(cursor), page(limit)
        rows = Table(self._runs()).recent(dag_id, task_id, size + 1, begin)
        return bounded(
            {
                "tries": [
                    {
                        "dag_id": name(row["dag_id"]),
                        "task_id": name(row["task_id"] or ""),
                        "run_id": name(row["run_id"] or ""),
                        "state": name(row["state"] or ""),
                        "queued": row["submit_time"],
                        "started": row["start_time"],
                        "ended": row["end_time"],
                        "operator": name(row["operator"] or ""),
                    }
                    for row in rows[:size]
                ],
                "next_cursor": str(begin + size) if len(rows) > size else "",
            }
        )

    def _runs(self) -> Path:
        if self.runs is None:
            raise WrongUse("no table of runs was given: start with dagnosis mcp --runs FILE")
        return self.runs


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _state(value: str) -> State:
    for state in STATES:
        if state == value:
            return state
    raise WrongUse(f"state: {value[:20]!r} is none of {', '.join(STATES)}")


def _cause(value: str) -> str:
    if value.partition(".")[0] not in FAMILIES:
        raise WrongUse(f"cause: {value[:60]!r} is no family; known are {', '.join(FAMILIES)}")
    return value


def _incident(one: Incident) -> Answer:
    return {
        "id": one.id,
        "kind": one.kind,
        "cause": one.cause,
        "detail": name(one.detail),
        "confidence": round(one.confidence, 3),
        "transience": one.transience,
        "state": one.state,
        "novelty": one.novelty,
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
        "count": one.count,
        "tasks": one.tasks,
        "runs": one.runs,
        "dags": one.dags,
        "blocked_tasks": one.blast,
        "members": one.members,
        "outage_id": one.outage_id,
        "last_failed": _task(one.last_failed) if one.last_failed else None,
        "untrusted": {
            "title": text(one.title),
            "message": text(one.message),
            "quoted_line": text(one.quote),
        },
    }


def _occurrence(one: Occurrence) -> Answer:
    return {
        "task": _task(one.task),
        "kind": one.kind,
        "occurred": one.occurred,
        "cause": one.cause,
        "detail": name(one.detail),
        "confidence": round(one.confidence, 3),
        "transience": one.transience,
        "engine": one.engine,
        "final": one.final,
        "fingerprint": one.fingerprint,
        "untrusted": {
            "title": text(one.title),
            "message": text(one.message),
            "quoted_line": text(one.quote),
            "line": one.quote_line,
        },
    }


def _task(task: TaskRef) -> Answer:
    return {
        "dag_id": name(task.dag_id),
        "run_id": name(task.run_id),
        "task_id": name(task.task_id),
        "map_index": task.map_index,
        "try_number": task.try_number,
    }


def _shown(row: dict[str, Any]) -> Answer:
    return {
        "id": row["id"],
        "lines": row["lines"],
        "logs": row["logs"],
        "places": [{"log": name(where), "line": line} for where, line in row["places"]],
        "untrusted": {"template": text(row["template"]), "example": text(row["example"])},
    }


class _Finding(msgspec.Struct):
    """What is told of a stored finding."""

    partition: str = ""
    summary: str = ""
    score: float = 0.0
    limit: float = 0.0
    rows: int = 0
    blamed: list[dict[str, Any]] = []
    differences: list[dict[str, Any]] = []


def _finding(dataset: str, status: str, stored: bytes) -> Answer:
    told = msgspec.json.decode(stored, type=_Finding) if stored else _Finding()
    return {
        "dataset": name(dataset),
        "status": status,
        "partition": name(told.partition),
        "rows": told.rows,
        "score": told.score,
        "limit": told.limit,
        "untrusted": {
            "summary": text(told.summary),
            "blamed_columns": [name(one.get("column", "")) for one in told.blamed[:SHOWN]],
            "differences": [text(one.get("words", "")) for one in told.differences[:SHOWN]],
        },
    }


def _risk(one: Risk) -> Answer:
    return {
        "dag_id": name(one.dag_id),
        "task_id": name(one.task_id),
        "kind": one.kind,
        "when": one.when,
        "p_fail": round(one.p_fail, 4),
        "alert": one.alert,
        "late": one.late,
        "reasons": [text(reason.text) for reason in one.reasons[:SHOWN]],
    }
