"""Statements: the places where a log states an exception."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from dagnosis.model import Frame

Origin: TypeAlias = Literal["task", "import", "background", "callback", "output", "log"]
"""Whose failure a statement tells: the task's own; a DAG file that could not be imported; code that
runs before the task (parsing the file, every task of the file logs it); callbacks, listeners,
policies and clean-up, which fail *after* the cause; the output of a process that the task started;
or a record that somebody logged and went on."""

Link: TypeAlias = Literal["top", "cause", "context", "member"]
"""How an exception hangs below the one that was raised last: it is that one ("top"), it was given
as its cause ("raise … from"), it was being handled, or it is a member of an exception group."""


class Statement(msgspec.Struct, frozen=True, gc=False):
    """One stated exception. `block` counts the chains of the log; `depth` is 0 for the exception
    raised last and grows toward the root. `line` is the line to quote."""

    line: int
    type: str
    value: str
    origin: Origin
    block: int
    depth: int = 0
    link: Link = "top"
    frames: tuple[Frame, ...] = ()
    notes: tuple[str, ...] = ()
    parse_time: bool = False

    @property
    def message(self) -> str:
        """`Type: value`, as Python prints it."""
        if not self.value:
            return self.type
        return f"{self.type}: {self.value}" if self.type else self.value


class Signal(msgspec.Struct, frozen=True, gc=False):
    """What the supervisor of Airflow 3 says about the process of the task."""

    line: int
    event: str
    exit_code: str = ""
    signal: str = ""
    current_state: str = ""
    reason: str = ""
    """Why the API server no longer counts the task as running, where it says so."""
