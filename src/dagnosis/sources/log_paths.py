"""Where the log of a try lies below the log folder: Airflow's path template, and its inverse.

The template is Airflow's `[logging] log_filename_template`, as Jinja or in Python's format style. No
id leads out of the folder: one that a path cannot hold as one name has no log.
"""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import re2

from dagnosis.errors import WrongUse
from dagnosis.model import TaskRef
from dagnosis.sources.contract import is_id

DEFAULT = (
    "dag_id={{ ti.dag_id }}/run_id={{ ti.run_id }}/task_id={{ ti.task_id }}/"
    "{% if ti.map_index >= 0 %}map_index={{ ti.map_index }}/{% endif %}"
    "attempt={{ try_number|default(ti.try_number) }}.log"
)
"""Airflow's own, since 2.3."""
PACKED = (".gz", ".zst", ".bz2", ".xz")
"""Endings of logs that somebody packed."""

_TEXT_MARKS = {"dag_id": "QdagQ", "run_id": "QrunQ", "task_id": "QtaskQ", "ts": "QtimeQ"}
_NUMBER_MARKS = {"map_index": 918_273_645, "try_number": 192_837_465}


class Found(msgspec.Struct, frozen=True):
    """A log that lies there: whose it is, its name for messages, size (bytes), last change."""

    task: TaskRef
    name: str
    size: int
    modified: datetime | None = None


class PathTemplate:
    """One template. Raises `WrongUse` for one that cannot be read."""

    def __init__(self, template: str = "") -> None:
        self.text = template or DEFAULT
        self._jinja = _compiled(self.text) if "{{" in self.text or "{%" in self.text else None
        self._patterns: list[Any] | None = None
        self._rendered(TaskRef("dag", "run", "task"), "2026-01-01T00:00:00+00:00")

    def path(self, task: TaskRef) -> str | None:
        """The path of the try's log below the folder, None for ids that no file can be named by."""
        if not all(_is_name(text) for text in (task.dag_id, task.run_id, task.task_id)):
            return None
        path = self._rendered(task, _time_of(task.run_id))
        parts = path.split("/")
        return path if all(_is_name(part) for part in parts) else None

    def task(self, path: str) -> TaskRef | None:
        """Whose log lies at a path below the folder; None where it is none of the template's.

        Raises `WrongUse` where the template does not hold enough to tell.
        """
        for pattern in self._inverse():
            if found := pattern.fullmatch(path):
                said = found.groupdict()
                index = said.get("map_index")
                return TaskRef(
                    said["dag_id"], said["run_id"], said["task_id"],
                    -1 if index is None else int(index), int(said["try_number"]),
                )  # fmt: skip
        return None

    def _rendered(self, task: TaskRef, time: str) -> str:
        ti = SimpleNamespace(
            dag_id=task.dag_id,
            run_id=task.run_id,
            task_id=task.task_id,
            map_index=task.map_index,
            try_number=task.try_number,
        )
        try:
            if self._jinja is not None:
                said = self._jinja.render(ti=ti, ts=time, try_number=task.try_number)
            else:
                said = self.text.format(**vars(ti), logical_date=time, execution_date=time)
        except Exception as error:  # a template is the user's program: it can raise anything
            raise WrongUse(f"airflow_log_template cannot be filled in: {error}") from None
        return str(said).strip().lstrip("/")

    def _inverse(self) -> list[Any]:
        """Patterns of the paths of mapped and of other tasks."""
        if self._patterns is None:
            self._patterns = [self._pattern(_NUMBER_MARKS["map_index"]), self._pattern(-1)]
        return self._patterns

    def _pattern(self, map_index: int) -> Any:
        marks = _TEXT_MARKS
        task = TaskRef(
            marks["dag_id"], marks["run_id"], marks["task_id"], map_index,
            _NUMBER_MARKS["try_number"],
        )  # fmt: skip
        text = re2.escape(self._rendered(task, marks["ts"]))
        for name, mark in _TEXT_MARKS.items():
            group = f"(?P<{name}>[^/]+)" if name != "ts" else "[^/]+"
            text = text.replace(mark, group, 1).replace(mark, "[^/]+")
        for name, number in _NUMBER_MARKS.items():
            text = text.replace(str(number), f"(?P<{name}>[0-9]{{1,9}})", 1)
            text = text.replace(str(number), "[0-9]+")
        missing = [
            name
            for name in ("dag_id", "run_id", "task_id", "try_number")
            if f"<{name}>" not in text
        ]
        if missing:
            raise WrongUse(
                f"airflow_log_template has no {', '.join(missing)}: whose a log is cannot be told by its path"
            )
        return re2.compile(text)


def is_trigger_log(name: str, log: str) -> bool:
    """Whether a file is what the triggerer wrote for the log `log` while the task was deferred."""
    return name.startswith(f"{log}.trigger.") and name.endswith(".log")


def _compiled(template: str) -> Any:
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    try:
        return ImmutableSandboxedEnvironment().from_string(template)
    except TemplateError as error:
        raise WrongUse(f"airflow_log_template is no Jinja template: {error}") from None


def _is_name(text: str) -> bool:
    return is_id(text) and text not in (".", "..") and not any(sign in text for sign in "/\\")


def _time_of(run_id: str) -> str:
    """The logical date in a run's id (`scheduled__2026-11-26T00:00:00+00:00`), "" where there is none."""
    text = run_id.partition("__")[2]
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return ""
