"""What every source must answer, as checks that its own tests can call.

    from dagnosis.sources.checks import Known, check_log_source, check_run_history

    def test_my_history():
        check_run_history(MyHistory(...), Known(since=..., last=..., ...))

`Known` says what the Airflow behind the source is known to hold; the more it says, the more is
checked. Each check raises `AssertionError` that names what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone

import msgspec

from dagnosis.model import TaskRef
from dagnosis.sources.contract import SETTLED, Attempt, LogSource, Run, RunHistory

HOSTILE = (
    "..",
    ".",
    "~",
    "",
    "../../etc",
    "a/b",
    "a b?c=d&e#f",
    "%2e%2e",
    "'; --",
    "\u202e\x00",
    "\ud800",
)
"""Ids that must find nothing, and do no harm."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What an Airflow holds. Everything in it changed after `since`, and more than `SETTLED` ago."""

    since: datetime
    last: Mapping[TaskRef, str]
    """The last try of each task instance, and its state."""
    retried: Mapping[TaskRef, tuple[str, ...]] = {}
    """Task instances with earlier tries: the states of all, the first one first."""
    runs: Mapping[tuple[str, str], str] = {}
    """(dag_id, run_id) and its state."""
    broken: tuple[str, ...] = ()
    """Ends of the names of DAG files that cannot be imported."""
    assets: Mapping[str, str] = {}
    """Asset written, and a part of the `extra` that came with it."""
    sources: Mapping[str, str] = {}
    """DAG with versions, and a part of its newest source text."""
    secrets: tuple[str, ...] = ()
    """What must not show up in a name."""


def check_run_history(history: RunHistory, known: Known) -> None:
    """All checks of a source of runs; it is closed at the end."""
    for check in HISTORY_CHECKS:
        check(history, known)
    history.close()
    history.close()


def check_log_source(
    logs: LogSource,
    known: Mapping[TaskRef, str],
    missing: Iterable[TaskRef] = (),
    secrets: Iterable[str] = (),
) -> None:
    """All checks of a source of logs: `known` says a text that the log of each try holds, `missing`
    which tries have none. It is closed at the end."""
    assert isinstance(logs, LogSource), "it lacks a method of LogSource"
    _named(logs.name, secrets)
    for task, text in known.items():
        log = logs.read(task)
        assert log is not None, f"{task}: no log"
        assert any(text in line for line in log.lines), f"{task}: {text!r} is not in the log"
        assert log.lines_total >= len(log.lines) > 0, f"{task}: {log.lines_total} lines"
        assert not any(secret in log.name for secret in secrets), "a log's name holds a secret"
        again = logs.read(task)
        assert again is not None, f"{task}: read once only"
        assert again.lines[: len(log.lines)] == log.lines, f"{task}: reads differ"
        other = msgspec.structs.replace(task, try_number=task.try_number + 900)
        assert logs.read(other) is None, f"{other}: a log for a try that never was"
    for task in [*missing, *_hostile()]:
        assert logs.read(task) is None, f"{task}: a log where there is none"
    logs.close()
    logs.close()


def _named(name: str, secrets: Iterable[str]) -> None:
    assert name, "it has no name"
    assert name.isprintable(), f"{name!r}: not fit for a message"
    for secret in secrets:
        assert secret not in name, "the name holds a secret"


def _kept_protocol(history: RunHistory, known: Known) -> None:
    assert isinstance(history, RunHistory), "it lacks a method of RunHistory"
    _named(history.name, known.secrets)
    assert history.name == history.name, "the name changes"


def _told_time(history: RunHistory, known: Known) -> None:
    first, second = history.now(), history.now()
    _utc(first, "now()")
    # A Date header has whole seconds.
    assert second >= first - timedelta(seconds=2), "the clock goes back"
    assert first >= known.since, "now() is before what happened"


def _gave_attempts(history: RunHistory, known: Known) -> None:
    found = _by_ref(history.attempts(known.since))
    for task, state in known.last.items():
        assert task in found, f"attempts(): {task} is missing"
        assert found[task].state == state, f"attempts(): {task} is {found[task].state}, not {state}"
    for attempt in found.values():
        _timed(attempt)
    changed = [row.updated for row in found.values() if row.updated is not None]
    assert changed == sorted(changed), "attempts(): not in the order of changes"


def _gave_attempts_in_spans(history: RunHistory, known: Known) -> None:
    now = history.now()
    middle = known.since + (now - known.since) / 2
    early, late = _by_ref(history.attempts(known.since, middle)), _by_ref(history.attempts(middle))
    missing = set(known.last) - set(early) - set(late)
    assert not missing, f"attempts(): {missing} falls between two spans"
    for attempt in early.values():
        assert attempt.updated is None or attempt.updated < middle, (
            "attempts(): `until` is not kept"
        )
    for attempt in late.values():
        assert attempt.updated is None or attempt.updated >= middle, (
            "attempts(): `since` is not kept"
        )
    future = now + timedelta(days=2)
    assert not list(history.attempts(future)), "attempts(): something changed in two days' time"


def _gave_tries(history: RunHistory, known: Known) -> None:
    for task, states in known.retried.items():
        for number in (0, 1, 900):  # the number that is asked with does not matter
            asked = msgspec.structs.replace(task, try_number=number)
            found = history.tries(asked)
            assert [row.task.try_number for row in found] == list(range(1, len(states) + 1)), (
                f"tries({task}): {[row.task.try_number for row in found]}"
            )
            assert tuple(row.state for row in found) == states, f"tries({task}): wrong states"
        for row in found:
            _timed(row)
    for task, state in known.last.items():
        ended = "failed" if state == "up_for_retry" else state
        assert history.tries(task)[-1].state == ended, f"tries({task}): the last one is not last"
        elsewhere = msgspec.structs.replace(task, map_index=777)
        assert history.tries(elsewhere) == [], f"tries({elsewhere}): tries of another one"


def _gave_run(history: RunHistory, known: Known) -> None:
    of_runs: dict[tuple[str, str], set[TaskRef]] = {}
    for task in known.last:
        of_runs.setdefault((task.dag_id, task.run_id), set()).add(task)
    for (dag_id, run_id), tasks in of_runs.items():
        found = {row.task for row in history.of_run(dag_id, run_id)}
        assert found >= tasks, f"of_run({dag_id}, {run_id}): {tasks - found} is missing"
        assert all((row.dag_id, row.run_id) == (dag_id, run_id) for row in found), "of another run"
        assert history.of_run(dag_id, "no such run") == []
        assert history.of_run("no_such_dag", run_id) == []


def _gave_runs(history: RunHistory, known: Known) -> None:
    found = {(row.dag_id, row.run_id): row for row in history.runs(known.since)}
    for key, state in known.runs.items():
        assert key in found, f"runs(): {key} is missing"
        assert found[key].state == state, f"runs(): {key} is {found[key].state}, not {state}"
        newest = history.of_dag(key[0])
        assert key[1] in {row.run_id for row in newest}, f"of_dag({key[0]}): {key[1]} is missing"
        assert len(history.of_dag(key[0], limit=1)) == 1, "of_dag(): limit is not kept"
        _newest_first(newest)
    assert not list(history.runs(history.now() + timedelta(days=2))), "runs(): a run of the future"
    assert history.of_dag("no_such_dag") == []


def _gave_events(history: RunHistory, known: Known) -> None:
    found = list(history.events())
    ids = [event.id for event in found]
    assert ids == sorted(set(ids)), "events(): not by id, or some twice"
    for event in found:
        _utc(event.when, "an event's time")
        assert event.event, "an event without its word"
    assert all(event.when <= history.now() - SETTLED + timedelta(seconds=3) for event in found)
    if len(ids) < 3:
        return
    middle = found[len(found) // 2]
    resumed = [event.id for event in history.events(after=middle.id)]
    assert resumed[: len(ids)] == ids[len(found) // 2 + 1 :], "events(): `after` loses or repeats"
    later = [event.id for event in history.events(since=middle.when)]
    wanted = [event.id for event in found if event.when >= middle.when]
    assert later[: len(wanted)] == wanted, "events(): `since` loses or repeats"
    assert list(history.events(after=1 << 30)) == []


def _gave_the_rest(history: RunHistory, known: Known) -> None:
    broken = history.broken_dags()
    for ending in known.broken:
        assert any(row.file.endswith(ending) and row.stack_trace for row in broken), (
            f"broken_dags(): {ending} is missing"
        )
    assets = list(history.asset_events(known.since))
    for uri, extra in known.assets.items():
        assert any(row.uri == uri and extra in row.extra for row in assets), f"no event of {uri}"
    times = [row.when for row in assets]
    assert times == sorted(times), "asset_events(): not the oldest first"
    assert not list(history.asset_events(history.now() + timedelta(days=2)))
    for dag_id, text in known.sources.items():
        versions = history.versions(dag_id)
        assert versions, f"versions({dag_id}): none"
        assert text in versions[0].source, f"versions({dag_id}): not the newest source first"
        assert len(history.versions(dag_id, limit=1)) == 1, "versions(): limit is not kept"
    assert history.versions("no_such_dag") == []


def _gave_running(history: RunHistory, known: Known) -> None:
    found = {row.task: row.state for row in history.running()}
    for task, state in known.last.items():
        if state in ("running", "queued", "scheduled", "deferred"):
            assert task in found, f"running(): {task} is missing"
        if state in ("success", "failed", "upstream_failed", "skipped"):
            assert task not in found, f"running(): {task} has ended"


def _found_nothing_hostile(history: RunHistory, known: Known) -> None:
    for task in _hostile():
        assert history.tries(task) == [], f"tries({task!r})"
        assert history.of_run(task.dag_id, task.run_id) == [], f"of_run({task.dag_id!r})"
        assert history.of_dag(task.dag_id) == [], f"of_dag({task.dag_id!r})"
        assert history.versions(task.dag_id) == [], f"versions({task.dag_id!r})"


HISTORY_CHECKS: tuple[Callable[[RunHistory, Known], None], ...] = (
    _kept_protocol,
    _told_time,
    _gave_attempts,
    _gave_attempts_in_spans,
    _gave_tries,
    _gave_run,
    _gave_runs,
    _gave_events,
    _gave_the_rest,
    _gave_running,
    _found_nothing_hostile,
)
"""Every check of a source of runs, in the order in which they are made."""


def _hostile() -> Iterator[TaskRef]:
    for text in HOSTILE:
        yield TaskRef(text, text, text)
        yield TaskRef(text, "run", "task", 0, 1)


def _by_ref(rows: Iterable[Attempt]) -> dict[TaskRef, Attempt]:
    found: dict[TaskRef, Attempt] = {}
    for row in rows:
        assert row.task not in found, f"{row.task}: twice"
        found[row.task] = row
    return found


def _newest_first(runs: list[Run]) -> None:
    times = [run.run_after for run in runs if run.run_after is not None]
    assert times == sorted(times, reverse=True), "of_dag(): not the newest first"


def _timed(row: Attempt) -> None:
    for name in ("scheduled", "queued", "started", "ended", "heartbeat", "updated"):
        time = getattr(row, name)
        if time is not None:
            _utc(time, f"{row.task}: {name}")


def _utc(time: datetime, what: str) -> None:
    assert time.utcoffset() == timezone.utc.utcoffset(None), f"{what} is not in UTC: {time!r}"
