"""Where Airflow puts the log of a try: its `[logging] log_filename_template`, read both ways."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.model import TaskRef

DEFAULT = (
    "dag_id={{ ti.dag_id }}/run_id={{ ti.run_id }}/task_id={{ ti.task_id }}/"
    "{% if ti.map_index >= 0 %}map_index={{ ti.map_index }}/{% endif %}"
    "attempt={{ try_number|default(ti.try_number) }}.log"
)
"""The template of Airflow 2.3 and later, and of 3."""
_TOKEN = re.compile(r"\{\{\s*(.*?)\s*\}\}|\{%\s*(.*?)\s*%\}")
_NAMES = {
    "ti.dag_id": "dag_id",
    "ti.run_id": "run_id",
    "run_id": "run_id",
    "dag_run.run_id": "run_id",
    "ti.task_id": "task_id",
    "ti.map_index": "map_index",
    "ti.try_number": "try_number",
    "try_number": "try_number",
}
_NUMBERS = ("map_index", "try_number")
_MAPPED = "ti.map_index >= 0"


class _Part(NamedTuple):
    """Fixed text, or the name of an id; `mapped` ones are there for mapped tasks only."""

    text: str
    name: str
    mapped: bool


class Template:
    """A template of paths below the log folder. Understood are the ids of the try (`ti.dag_id`, `ti.run_id`,
    `ti.task_id`, `ti.map_index`, `try_number`) and `{% if ti.map_index >= 0 %} … {% endif %}`.

    >>> Template().path(TaskRef("orders", "r1", "load", try_number=2))
    'dag_id=orders/run_id=r1/task_id=load/attempt=2.log'
    >>> Template().ref("dag_id=orders/run_id=r1/task_id=load/map_index=3/attempt=1.log").map_index
    3
    """

    def __init__(self, text: str = DEFAULT) -> None:
        self._parts = tuple(_parts(text))
        self._pattern = re.compile(_expression(self._parts))

    def path(self, ref: TaskRef) -> str:
        """The path of a try, relative to the log folder."""
        return "".join(
            part.text or str(getattr(ref, part.name))
            for part in self._parts
            if not part.mapped or ref.map_index >= 0
        )

    def ref(self, path: str) -> TaskRef | None:
        """The try whose log is at `path`, relative to the log folder; None where it is no log of a try."""
        found = self._pattern.fullmatch(path)
        if not found:
            return None
        ids = {name: value for name, value in found.groupdict().items() if value is not None}
        return TaskRef(
            ids.get("dag_id", ""),
            ids.get("run_id", ""),
            ids.get("task_id", ""),
            int(ids.get("map_index", -1)),
            int(ids.get("try_number", 1)),
        )

    def tries(self, folder: Path) -> Iterator[tuple[TaskRef, Path]]:
        """Every try that has a log below `folder`, with its path. Raises `UnreadableInput` where there
        is no such folder."""
        if not folder.is_dir():
            raise UnreadableInput(f"{folder}: no such folder of logs")
        for path in sorted(folder.rglob("*")):
            ref = self.ref(path.relative_to(folder).as_posix())
            if ref is not None and path.is_file():
                yield ref, path


def _parts(template: str) -> Iterator[_Part]:
    mapped, at = False, 0
    for token in _TOKEN.finditer(template):
        if token.start() > at:
            yield _Part(template[at : token.start()], "", mapped)
        at = token.end()
        variable, statement = token.groups()
        if variable is not None:
            name = variable.partition("|")[0].strip()
            if name not in _NAMES:
                raise WrongUse(
                    f"log template: {{{{ {variable} }}}} is not understood; known are {', '.join(_NAMES)}"
                )
            yield _Part("", _NAMES[name], mapped)
        elif statement.startswith("if "):
            if statement.removeprefix("if ").strip() != _MAPPED:
                raise WrongUse(
                    f"log template: only {{% if {_MAPPED} %}} is understood, not {statement!r}"
                )
            mapped = True
        else:
            mapped = False
    if at < len(template):
        yield _Part(template[at:], "", mapped)


def _expression(parts: tuple[_Part, ...]) -> str:
    """The parts as a regular expression; an id that comes again must be the same."""
    seen: set[str] = set()
    pieces: list[str] = []
    for index, part in enumerate(parts):
        if part.mapped and not (index and parts[index - 1].mapped):
            pieces.append("(?:")
        if part.text:
            pieces.append(re.escape(part.text))
        elif part.name in seen:
            pieces.append(f"(?P={part.name})")
        else:
            seen.add(part.name)
            pieces.append(
                f"(?P<{part.name}>{r'-?[0-9]{1,9}' if part.name in _NUMBERS else '[^/]+'})"
            )
        if part.mapped and not (index + 1 < len(parts) and parts[index + 1].mapped):
            pieces.append(")?")
    return "".join(pieces)
