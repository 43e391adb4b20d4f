"""Stack traces in text: Python and Java, as any tool prints them, found in a stream of messages."""

from __future__ import annotations

from typing import Literal

import re2

from dagnosis.logs.statements import Link, Origin, Statement
from dagnosis.model import Frame

_PY_FRAME = re2.compile(r'^\s*File "([^"]+)", line (\d+)(?:, in (.+))?$')
_JAVA_FRAME = re2.compile(r"^\s*(?:at [\w.$<>/]+\(.*\)|\.\.\. \d+ (?:more|common frames))")
_JAVA_HEAD = re2.compile(
    r"^\s*(?:Exception in thread \"[^\"]*\" |Caused by: |: |\[error\] )?"
    r"((?:[a-z_$][\w$]*\.)+[A-Z][\w$]*)(?:: (.*))?$"
)
_ERROR_LINE = re2.compile(
    # Airflow prints *** for a secret, and with the password "airflow" for its own modules
    r"^(?:E\s{2,})?((?:(?:[A-Za-z_]\w*|\*\*\*)\.)*"
    r"(?:[A-Z]\w*(?:Error|Exception|Warning|Exit|Interrupt|Timeout|Failure|Fault|Group|Violation|Iteration)\w*"
    r"|[A-Z]\w*|(?:[a-z_]\w*\.)+\w+))(?::\s(.*)|:?)$"
)
_BARE = re2.compile(
    r"^(?:[a-z_]\w*\.)+[A-Z]\w*(?:Error|Exception)\w*: \S|^[A-Z]\w+(?:Error|Exception): \S"
)
_GUTTER = re2.compile(r"^\s*(?:\||\+[-+ ]*(?:\d+ -+)?)\s?")
_CAUSE_OF = "The above exception was the direct cause of the following exception"
_WHILE = "During handling of the above exception, another exception occurred"


class TraceReader:
    """Finds Python and Java stack traces in a stream of bare messages."""

    def __init__(self, block: int) -> None:
        self.block = block
        self.statements: list[Statement] = []
        self.inside: set[int] = set()
        self.open_origin: Origin | None = None
        self._chain: list[tuple[int, str, str, tuple[Frame, ...], Link]] = []
        self._frames: list[Frame] = []
        self._state: Literal["idle", "trace", "tail", "java"] = "idle"
        self._gap = 0
        self._link: Link = "top"
        self._origin: Origin = "log"
        self._parse_time = False
        self._flat = False
        self._previous: tuple[int, str, Origin] | None = None
        self._group = False

    def feed(
        self,
        number: int,
        message: str,
        origin: Origin,
        parse_time: bool,
        prefixed: bool,
        headed: bool = True,
    ) -> None:
        """One message. `prefixed` lines begin a record of their own."""
        if self._group and message[:1] in " |+":
            message = _GUTTER.sub("", message)
        if "Traceback (most recent call last)" in message:
            self._begin(number, message, origin, parse_time)
        elif self._state == "trace":
            self._in_trace(number, message, prefixed)
        elif self._state == "java":
            self._in_java(number, message)
        elif self._state == "tail":
            self._in_tail(number, message, prefixed and headed, origin)
        else:
            self._idle(number, message, origin, parse_time)
        self._previous = (number, message, origin)

    def close(self) -> None:
        """End whatever is open; a trace that was cut keeps what it stated."""
        self._finish()

    def _begin(self, number: int, message: str, origin: Origin, parse_time: bool) -> None:
        if self._state != "tail" or self._link == "top":
            self._finish()
        if not self._chain:
            self._origin, self._parse_time = origin, parse_time
            if self._previous and self._previous[1].startswith(("Failed to import", "Broken DAG")):
                self._origin, self._parse_time = "import", True
            elif self._previous and origin == "log" and self._previous[2] == "task":
                self._origin = "task"
            self.open_origin = self._origin
        self._group = "Group Traceback" in message
        if "Broken DAG" in message:
            self._origin, self._parse_time = "import", True
        self._state, self._frames = "trace", []
        self._flat = False
        self.inside.add(number)

    def _in_trace(self, number: int, message: str, prefixed: bool) -> None:
        frame = _PY_FRAME.match(message)
        if frame:
            self._flat = self._flat or message[:1] == "F"
            self._frames.append(Frame(frame.group(1), int(frame.group(2)), frame.group(3) or ""))
            self.inside.add(number)
            return
        if message[:1] in (" ", "\t") or not message:
            self.inside.add(number)
            return
        stated = _ERROR_LINE.match(message)
        if stated is None and self._flat:
            self.inside.add(number)
            return
        if stated is None:
            kind, _, value = message.partition(": ")
            if " " in kind or not kind.replace(".", "").replace("_", "").isalnum():
                kind, value = "", message
        else:
            kind, value = stated.group(1), stated.group(2) or ""
        self._chain.append((number, kind, value, tuple(self._frames), self._link))
        self._state, self._link, self._gap = "tail", "top", 0

    def _in_tail(self, number: int, message: str, new_record: bool, origin: Origin) -> None:
        """After the exception line: its further lines, a chain marker, or something else."""
        if _CAUSE_OF in message:
            self._link = "cause"
            self.inside.add(number)
        elif _WHILE in message:
            self._link = "context"
            self.inside.add(number)
        elif not message.strip() and self._gap < 3:
            self._gap += 1
        elif (
            self._link == "top"
            and not new_record
            and self._gap == 0
            and len(self._chain[-1][2]) < 4000
        ):
            number0, kind, value, frames, link = self._chain[-1]
            if (_java_head(message) and "Py4JJavaError" in kind) or message.startswith("\tat "):
                self._finish()
                self._idle(number, message, origin, False)
                return
            self._chain[-1] = (number0, kind, f"{value}\n{message}", frames, link)
        elif self._link == "top":
            self._finish()
            self._idle(number, message, origin, False)

    def _idle(self, number: int, message: str, origin: Origin, parse_time: bool) -> None:
        if _JAVA_FRAME.match(message) and self._previous:
            self._java_begin(number)
            return
        if message.startswith("Caused by: "):
            head = _java_head(message)
            if head:
                self._state = "java"
                self._origin, self._parse_time = origin, False
                self._chain.append((number, head[0], head[1], (), "top"))
            return
        if message.startswith("E  ") and (stated := _ERROR_LINE.match(message)):
            self._origin, self._parse_time = origin, parse_time
            self._chain = [(number, stated.group(1), stated.group(2) or "", (), "top")]
            self._finish()
            return
        if _BARE.match(message) and (stated := _ERROR_LINE.match(message)):
            # an exception that was printed or pasted without its traceback
            self._origin, self._parse_time = origin, parse_time
            self._chain.append((number, stated.group(1), stated.group(2) or "", (), "top"))
            self._state, self._link, self._gap = "tail", "top", 0
            return
        frame = _PY_FRAME.match(message) if 'File "' in message else None
        if frame:  # the head of the trace was cut off, or only frames were pasted
            self._origin, self._parse_time = origin, parse_time
            self._state = "trace"
            self._frames = []
            self._in_trace(number, message, False)

    def _java_begin(self, number: int) -> None:
        assert self._previous is not None
        at, message, origin = self._previous
        head = _java_head(message)
        self.inside.add(number)
        if head is None:
            return
        self._state, self._origin, self._parse_time = "java", origin, False
        self._chain.append((at, head[0], head[1], (), "top"))

    def _in_java(self, number: int, message: str) -> None:
        if _JAVA_FRAME.match(message):
            self.inside.add(number)
            return
        if message.lstrip().startswith("Caused by: "):
            head = _java_head(message.lstrip())
            if head:
                # text order is outermost first: the root comes last
                self._chain.insert(0, (number, head[0], head[1], (), "top"))
                if len(self._chain) > 1:
                    outer = self._chain[1]
                    self._chain[1] = (*outer[:4], "cause")
                return
        self._finish()
        self._idle(number, message, self._origin, False)

    def _finish(self) -> None:
        if self._state == "trace" and self._frames and not self._chain:
            pass  # frames without a stated exception say nothing
        if self._chain:
            self.block += 1
            last = len(self._chain) - 1
            for index, (number, kind, value, frames, _) in enumerate(self._chain):
                # in text the root is printed first; `link` of the next one tells how they hang
                link: Link = "top" if index == last else self._chain[index + 1][4]
                self.statements.append(
                    Statement(
                        line=number,
                        type=kind,
                        value=value.rstrip(),
                        origin=self._origin,
                        block=self.block,
                        depth=last - index,
                        link=link,
                        frames=frames,
                        parse_time=self._parse_time,
                    )
                )
        self._chain, self._frames = [], []
        self._state, self._link, self._gap = "idle", "top", 0
        self._group = False
        self.open_origin = None


def _java_head(message: str) -> tuple[str, str] | None:
    found = _JAVA_HEAD.match(message)
    return (found.group(1), found.group(2) or "") if found else None
