"""A line that may state the cause, before and after it is weighed."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from dagnosis.logs.causes.verdict import Verdict
from dagnosis.logs.statements import Link, Origin, Statement
from dagnosis.model import Frame, LogLine

Kind: TypeAlias = Literal["exception", "supervisor", "line"]


class Candidate(msgspec.Struct, gc=False):
    """A line that may state the cause. `score` is in points, higher is likelier."""

    line: int
    quote: str
    message: str
    kind: Kind
    origin: Origin
    verdicts: tuple[Verdict, ...]
    score: float
    type: str = ""
    value: str = ""
    frames: tuple[Frame, ...] = ()
    block: int = -1
    depth: int = 0
    link: Link = "top"
    parse_time: bool = False

    @property
    def verdict(self) -> Verdict | None:
        """The heaviest verdict, None when the line states no known cause."""
        return self.verdicts[0] if self.verdicts else None

    @property
    def name(self) -> str:
        """The exception's type without its module; empty where it is none."""
        return self.type.rpartition(".")[2]

    @property
    def symptom(self) -> bool:
        """It only reports a consequence, such as an exit code."""
        return bool(self.verdicts) and self.verdicts[0].symptom


def quote(line: LogLine, statement: Statement | None = None) -> str:
    """What to show of a line: itself, or, of a JSON line, the exception as Python prints it or the
    event."""
    if not line.text.startswith("{"):
        return line.text
    return statement.message if statement else line.message
