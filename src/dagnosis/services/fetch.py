"""Get the log of a try from where Airflow keeps it, as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from dagnosis.errors import UnreadableInput
from dagnosis.model import TaskRef

if TYPE_CHECKING:
    from dagnosis.logs.reading import LogText
    from dagnosis.settings import Settings
    from dagnosis.sources.contract import LogSource

_MOST_TRIES = 100


def fetch(settings: Settings, task: TaskRef, *, last: bool = False) -> LogText:
    """The log of a try; with `last` that of the last try that left one, whatever its number.

    Raises `UnreadableInput` where there is none, and says what Airflow knows of the try; `WrongUse` where
    no source is set up; `ServiceUnreachable` where it does not answer.
    """
    from dagnosis.sources.opening import open_logs

    logs = open_logs(settings)
    try:
        found = _last(settings, logs, task) if last else logs.read(task)
        if found is None:
            raise UnreadableInput(_missing(settings, logs, task, last))
        return found
    finally:
        logs.close()


def _last(settings: Settings, logs: LogSource, task: TaskRef) -> LogText | None:
    numbers = [number for number, _ in _tries(settings, task)]
    for number in reversed(numbers):
        if (log := logs.read(_numbered(task, number))) is not None:
            return log
    if numbers:
        return None
    found: LogText | None = None
    for number in range(1, _MOST_TRIES):
        log = logs.read(_numbered(task, number))
        if log is None:
            break
        found = log
    return found


def _numbered(task: TaskRef, number: int) -> TaskRef:
    return msgspec.structs.replace(task, try_number=number)


def _tries(settings: Settings, task: TaskRef) -> list[tuple[int, str]]:
    """Number and state of each try; [] where no source of runs is set up, or it knows none."""
    if not (settings.airflow_url or settings.airflow_database or settings.airflow_history_source):
        return []
    from dagnosis.sources.opening import open_history

    history = open_history(settings)
    try:
        return [(row.task.try_number, row.state) for row in history.tries(task)]
    finally:
        history.close()


def _missing(settings: Settings, logs: LogSource, task: TaskRef, last: bool) -> str:
    index = f" map index {task.map_index}" if task.map_index >= 0 else ""
    which = "" if last else f" try {task.try_number}"
    name = f"{task.dag_id} {task.run_id} {task.task_id}{index}{which}"
    tries = _tries(settings, task)
    if not tries:
        return (
            f"{name}: no log at {logs.name}; check the names of DAG, run and task"
            f"{' and whether it is mapped (--map-index)' if task.map_index < 0 else ''}"
        )
    said = ", ".join(f"try {number} {state or 'not scheduled yet'}" for number, state in tries)
    if all(number == 0 for number, _ in tries):
        return (
            f"{name}: it never ran ({tries[-1][1]}), so it left no log; look at the tasks before it"
        )
    return (
        f"{name}: no log at {logs.name}, or an empty one; Airflow knows {said}. A try that was killed before"
        " it could write leaves none: look at the events of the run and the log of the scheduler"
    )
