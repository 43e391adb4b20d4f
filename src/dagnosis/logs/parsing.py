"""Log text -> lines and statements.

A *line* is one line of the file with its stated level, logger and bare message, whatever shell it
came in: JSON lines of Airflow 3, text of Airflow 2, or the output of any tool (docker, Celery,
Spark, dbt, CI), nested up to three shells deep.

A *statement* is a place where the log states an exception: one member of an `error_detail` list,
of a Python traceback, of a Java stack trace. Statements know their frames, where they stand in
their chain, and whose failure they tell (`Origin`).

Only google-re2 and plain string methods touch log text: a hostile line must not cost seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import msgspec
import re2

from dagnosis.logs.reading import LogText
from dagnosis.model import Frame, Level, LogLine, TaskRef

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


class ParsedLog(msgspec.Struct):
    """A log as lines, statements and supervisor signals, in file order."""

    lines: list[LogLine]
    statements: list[Statement]
    signals: list[Signal]
    output: frozenset[int]
    """Numbers of the lines that a sub-process, stdout or stderr of the task wrote."""
    background: frozenset[int]
    """Numbers of the lines before the task began, and of clean-up after it failed."""
    inside: frozenset[int]
    """Numbers of the lines inside a stack trace: frames and source, not statements."""
    task: TaskRef | None
    succeeded: bool
    """The log says that the try ended well (success, skipped or deferred)."""
    levels: dict[str, int]
    airflow: bool
    """At least one line is a record that Airflow wrote."""

    def by_number(self) -> dict[int, LogLine]:
        """Line number -> line."""
        return {line.number: line for line in self.lines}


# ---------------------------------------------------------------- Airflow 3: JSON lines


class _Record(msgspec.Struct, gc=False):
    event: Any = ""
    level: Any = ""
    logger: Any = ""
    chan: Any = ""
    filename: Any = ""
    error_detail: Any = None
    exit_code: Any = None
    signal: Any = None
    signal_name: Any = None
    detail: Any = None
    reason: Any = None
    msg: Any = None
    message: Any = None
    dag_id: Any = None
    run_id: Any = None
    task_id: Any = None
    map_index: Any = -1
    try_number: Any = 1
    exception: Any = None
    exc_info: Any = None


_decode = msgspec.json.Decoder(_Record).decode

_LEVELS: dict[str, Level] = {
    **dict.fromkeys(("debug", "info", "notice", "trace", "verbose", "note"), "INFO"),
    **dict.fromkeys(("warning", "warn"), "WARNING"),
    **dict.fromkeys(("error", "critical", "fatal", "severe", "exception", "err"), "ERROR"),
}

# Events that carry an exception which is never the cause (airflow_facts, section 2).
_AFTERMATH = (
    "Failed to run task callback",
    "error calling listener",
    "Retry policy evaluation failed",
    "Failed to execute on_",
    "Failed when executing",
    "Error when executing on_",
    "Exception when executing on_",
    "Error calling listener",
    "Failed to send email",
    "Error sending",
    "Top level error",
    "Failed to push",
    "Could not read remote logs",
    "Could not write logs to",
    "Unable to render",
    "Failed to finalize",
)
_OUTPUT_LOGGERS = (
    "task.stdout",
    "task.stderr",
    "SubprocessHook",
    "PodManager",
    "DockerOperator",
    "SparkSubmitHook",
    "SSHOperator",
    "SSHHook",
)
_OUTPUT_FILES = frozenset(
    {
        "subprocess.py",
        "bash_operator.py",
        "bash.py",
        "pod_manager.py",
        "pod_launcher.py",
        "docker.py",
        "docker_operator.py",
        "spark_submit.py",
        "spark_submit_hook.py",
        "ssh.py",
        "ssh_operator.py",
        "logging_mixin.py",
        "process_utils.py",
        "python.py",
    }
)
_ENDED_WELL = (
    "Marking task as SUCCESS",
    "Marking task as SKIPPED",
    "Pausing task as DEFERRED",
    "Task exited with return code 0",
    "Task completed successfully",
    "Pushing xcom",
    "Skipping task.",
    "Done. Returned value was",
    "Rescheduling task, marking task as UP_FOR_RESCHEDULE",
    "Deferring task",
)


def text_of(value: Any) -> str:
    """Any JSON value as text; strings as they are, None as ''."""
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()


class _Parser:
    """One pass over the lines of a log."""

    def __init__(self) -> None:
        self.lines: list[LogLine] = []
        self.statements: list[Statement] = []
        self.signals: list[Signal] = []
        self.output: set[int] = set()
        self.background: set[int] = set()
        self.inside: set[int] = set()
        self.task: TaskRef | None = None
        self.ended_well_at = 0
        self.pre_execute = False
        self.aftermath = False
        self.reader = _TextBlocks(0)
        self.airflow = False

    # -- lines

    def feed(self, number: int, text: str) -> None:
        if text.startswith("{"):
            try:
                record = _decode(text)
            except (msgspec.DecodeError, UnicodeError):
                record = None
            if record is not None and (record.event or record.message or record.msg):
                self._feed_record(number, text, record)
                return
            if '"event"' in text:
                text = _cut_record(text)
        self._feed_text(number, text)

    def _feed_record(self, number: int, text: str, record: _Record) -> None:
        event = text_of(record.event or record.message or record.msg)
        level = _LEVELS.get(text_of(record.level).lower())
        logger = text_of(record.logger)
        chan = text_of(record.chan)
        self.lines.append(LogLine(number, text, event, level, logger))
        self.airflow = True
        if self.task is None and isinstance(record.dag_id, str) and isinstance(record.task_id, str):
            self.task = _task_ref(record)
        if event == "::group::Pre Execute":
            self.pre_execute = True
        elif event == "::endgroup::":
            self.pre_execute = False
        background = self.pre_execute and not event.startswith("Task failed")
        if background:
            self.background.add(number)
        if chan in ("stdout", "stderr") or logger.endswith(_OUTPUT_LOGGERS):
            self.output.add(number)
            self._feed_output(number, event)
        if event.startswith(_ENDED_WELL):
            self.ended_well_at = number
        if record.exit_code is not None or record.signal is not None or record.detail is not None:
            self.signals.append(_signal(number, event, record))
        if isinstance(record.error_detail, list):
            origin, parse_time = self._record_origin(event, logger, level, background)
            self._error_detail(number, record.error_detail, origin, parse_time)
            if origin == "callback":
                self.background.add(number)
        trace = record.exception or record.exc_info
        if isinstance(trace, str) and "Traceback (most recent" in trace:
            self._embedded(number, trace, event, level)
        elif "Traceback (most recent call last)" in event and "\n" in event:
            self._embedded(number, event, event, level)

    def _record_origin(
        self, event: str, logger: str, level: Level | None, background: bool
    ) -> tuple[Origin, bool]:
        if event.startswith(_AFTERMATH):
            return "callback", False
        if event.startswith(("Failed to import", "Broken DAG")):
            return "import", True
        if background:
            return "background", True
        if event.startswith(("Task failed", "Task exited", "Top level")) or logger == "task":
            return "task", False
        return "log", False

    def _error_detail(
        self, number: int, chain: list[Any], origin: Origin, parse_time: bool
    ) -> None:
        self.reader.block += 1
        self._walk(number, chain, origin, parse_time, depth=0, member=False)

    def _walk(
        self,
        number: int,
        chain: list[Any],
        origin: Origin,
        parse_time: bool,
        depth: int,
        member: bool,
    ) -> None:
        if depth > 40:  # hostile nesting
            return
        for index, raw in enumerate(chain[:50]):
            if not isinstance(raw, dict):
                continue
            link: Link = "top"
            if index:
                link = "cause" if chain[index].get("is_cause") else "context"
            elif member:
                link = "member"
            self.statements.append(
                Statement(
                    line=number,
                    type=text_of(raw.get("exc_type")),
                    value=text_of(raw.get("exc_value")),
                    origin=origin,
                    block=self.reader.block,
                    depth=depth + index,
                    link=link,
                    frames=tuple(_frames(raw.get("frames"))),
                    notes=tuple(text_of(note) for note in raw.get("exc_notes") or ()),
                    parse_time=parse_time,
                )
            )
            for group in raw.get("exceptions") or ():
                if isinstance(group, list):
                    self._walk(number, group, origin, parse_time, depth + index + 1, True)

    def _embedded(self, number: int, trace: str, event: str, level: Level | None) -> None:
        """A traceback that stands inside one JSON string: all of it quotes this line."""
        origin: Origin = "import" if event.startswith(("Failed to import", "Broken DAG")) else "log"
        reader = _TextBlocks(self.reader.block)
        for part in trace.split("\n"):
            reader.feed(number, part, origin, origin == "import", prefixed=False)
        reader.close()
        self._take(reader)

    def _feed_output(self, number: int, event: str) -> None:
        shell = _unshell(event)
        for part in shell.message.split("\n"):
            self.reader.feed(number, part, "output", False, prefixed=True)

    # -- text

    def _feed_text(self, number: int, text: str) -> None:
        shell = _unshell(text)
        message = shell.message
        self.lines.append(LogLine(number, text, message, shell.level, shell.logger))
        self.airflow = self.airflow or shell.logger.endswith(".py")
        if shell.prefixed:
            self._sections(number, message, shell.logger)
            if message.startswith(_ENDED_WELL):
                self.ended_well_at = number
            if self.task is None:
                self.task = _task_from_text(message)
        if self.aftermath:
            self.background.add(number)
        origin = self._text_origin(shell)
        if origin == "output":
            self.output.add(number)
        reader = self.reader
        reader.feed(
            number,
            message,
            origin,
            origin in ("import", "background"),
            shell.prefixed,
            shell.headed,
        )

    def _sections(self, number: int, message: str, logger: str) -> None:
        if message.startswith(_AFTERMATH):
            self.aftermath = True
        elif message.startswith(
            (
                "Task failed with exception",
                "::group::Pre",
                "Starting attempt",
                "Dependencies all met",
            )
        ):
            self.aftermath = False

    def _text_origin(self, shell: _Shell) -> Origin:
        if self.aftermath:
            return "callback"
        reader = self.reader
        if not shell.prefixed and reader.open_origin:
            return reader.open_origin
        if shell.message.startswith(("Failed to import", "Broken DAG")):
            return "import"
        if shell.prefixed and shell.logger in _OUTPUT_FILES:
            return "output"
        if shell.logger in ("taskinstance.py", "standard_task_runner.py", "task_runner.py"):
            return "task"
        return "log"

    def _take(self, reader: _TextBlocks) -> None:
        self.statements.extend(reader.statements)
        self.inside.update(reader.inside)
        self.reader.block = reader.block

    def close(self) -> ParsedLog:
        reader = self.reader
        reader.close()
        self._take(reader)
        self.statements.sort(key=lambda s: (s.line, s.block))
        levels = {"INFO": 0, "WARNING": 0, "ERROR": 0}
        for line in self.lines:
            if line.level:
                levels[line.level] += 1
        return ParsedLog(
            lines=self.lines,
            statements=self.statements,
            signals=self.signals,
            output=frozenset(self.output),
            background=frozenset(self.background),
            inside=frozenset(self.inside),
            task=self.task,
            succeeded=self.ended_well_at > 0,
            levels=levels,
            airflow=self.airflow,
        )


def parse(log: LogText) -> ParsedLog:
    """Parse what was read of one log. Never raises on any text; an empty log has no lines."""
    parser = _Parser()
    for number, text in zip(log.numbers, log.lines, strict=True):
        parser.feed(number, text)
    return parser.close()


def _task_ref(record: _Record) -> TaskRef:
    def whole(value: Any, default: int) -> int:
        return value if isinstance(value, int) else default

    return TaskRef(
        record.dag_id,
        text_of(record.run_id),
        record.task_id,
        whole(record.map_index, -1),
        whole(record.try_number, 1),
    )


_TI = re2.compile(r"<TaskInstance: ([\w.\-]+)\.([\w\-]+) (\S+?)(?: map_index=(\d+))? \[\w+\]>")


def _task_from_text(message: str) -> TaskRef | None:
    if "<TaskInstance: " not in message:
        return None
    found = _TI.search(message)
    if not found:
        return None
    dag_id, task_id, run_id, map_index = found.groups()
    return TaskRef(dag_id, run_id, task_id, int(map_index) if map_index else -1)


def _frames(raw: Any) -> Iterator[Frame]:
    for frame in raw if isinstance(raw, list) else ():
        if isinstance(frame, dict):
            line = frame.get("lineno")
            yield Frame(
                text_of(frame.get("filename")),
                line if isinstance(line, int) else 0,
                text_of(frame.get("name")),
            )


def _signal(number: int, event: str, record: _Record) -> Signal:
    state = ""
    detail = record.detail
    for _ in range(3):
        if isinstance(detail, dict):
            state = text_of(detail.get("current_state")) or state
            detail = detail.get("detail")
    return Signal(number, event, text_of(record.exit_code), text_of(record.signal), state)


def _cut_record(text: str) -> str:
    """The event of a JSON line that was cut in the middle."""
    start = text.find('"event"')
    start = text.find('"', text.find(":", start) + 1) + 1
    return text[start:].split('","', 1)[0]


# ---------------------------------------------------------------- shells around a message


class _Shell(msgspec.Struct, frozen=True, gc=False):
    message: str
    level: Level | None
    logger: str
    prefixed: bool  # it began with a time stamp, a level or a container's name
    headed: bool = True  # it began with a time stamp: a new record, not the next line of one


_STAMP = re2.compile(
    r"^\[?(?:\d{4}-\d\d-\d\d[T _]\d\d:\d\d:\d\d(?:[.,:]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
    r"|\d\d/\d\d/\d\d \d\d:\d\d:\d\d|\d\d:\d\d:\d\d(?:[.,]\d+)?)\]?(?:[ \t:,-]+|$)"
)
_LEVEL_HEAD = re2.compile(
    r"^(?:- )?[\[(]?(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE)[\])]?"
    r"(?:/[\w-]+\])?(?:\s*(?:-|:|\|)\s?|\s+)"
)
_CONTAINER = re2.compile(r"^[\w.@-]+ *\|(?: |$)")
_BYTES = re2.compile(r"""^b(?:'(.*)'|"(.*)")$""")
_SUBTASK = re2.compile(r"^Job \d+: Subtask [\w.\-]+ ")
_POD = re2.compile(r"^\[(?:base|[a-z][\w-]{0,40})\] ")
_CELERY = re2.compile(r"^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d+): (\w+)/([\w-]+)\] ")


def _unshell(text: str, depth: int = 0) -> _Shell:
    """Take time, file, level and other prefixes off a line, up to three deep."""
    shell = _one_shell(text)
    if shell is None or depth >= 3:
        return shell or _Shell(text, None, "", False, False)
    if not shell.message[:1] or shell.message[0] in " \t":
        return shell
    inner = _unshell(shell.message, depth + 1)
    if not inner.prefixed:
        return shell
    return _Shell(inner.message, inner.level or shell.level, inner.logger or shell.logger, True)


def _one_shell(text: str) -> _Shell | None:
    head = text[:1]
    if head == "[":
        return _bracketed(text) or _stamped(text)
    if head.isdigit():
        return _stamped(text) or _contained(text)
    if head in ("b", "J"):
        wrapped = _wrapped(text)
        if wrapped:
            return wrapped
    return _contained(text) or (_levelled(text, stamped=False) if head in "TDINWECFS-(" else None)


def _bracketed(text: str) -> _Shell | None:
    airflow = _airflow2(text)
    if airflow:
        return airflow
    celery = _CELERY.match(text)
    if celery:
        return _Shell(
            text[celery.end() :], _LEVELS.get(celery.group(2).lower()), celery.group(3), True
        )
    pod = _POD.match(text)
    return _Shell(text[pod.end() :], None, "", True) if pod else None


def _stamped(text: str) -> _Shell | None:
    stamp = _STAMP.match(text)
    return _levelled(text[stamp.end() :], stamped=True) if stamp else None


def _wrapped(text: str) -> _Shell | None:
    """`b'...'` of Airflow 1 on Python 3, and `Job 6: Subtask x ...`."""
    quoted = _BYTES.match(text)
    if quoted:
        inner = quoted.group(1) or quoted.group(2) or ""
        return _Shell(inner.removesuffix("\\n").replace("\\'", "'"), None, "", True)
    subtask = _SUBTASK.match(text)
    return _Shell(text[subtask.end() :], None, "", True) if subtask else None


def _contained(text: str) -> _Shell | None:
    container = _CONTAINER.match(text) if "|" in text[:80] else None
    return _Shell(text[container.end() :], None, "", True) if container else None


def _levelled(text: str, stamped: bool) -> _Shell | None:
    if text.startswith("{") and "} " in text:
        text = text[text.find("} ") + 2 :]
    found = _LEVEL_HEAD.match(text)
    if found:
        return _Shell(text[found.end() :], _LEVELS[found.group(1).lower()], "", stamped, stamped)
    return _Shell(text, None, "", True) if stamped else None


def _airflow2(text: str) -> _Shell | None:
    """`[time] {file.py:12} LEVEL - message` without a regex: it is the hot path."""
    brace = text.find("] {", 0, 64)
    if brace < 0:
        return None
    close = text.find("} ", brace)
    if close < 0 or close - brace > 120:
        return None
    file = text[brace + 3 : close].partition(":")[0]
    rest = text[close + 2 :]
    word, dash, message = rest.partition(" - ")
    level = _LEVELS.get(word.lower()) if len(word) < 12 else None
    if dash and level:
        return _Shell(message, level, file, True)
    word, _, message = rest.partition(" ")
    level = _LEVELS.get(word.lower())
    return _Shell(message if level else rest, level, file, True)


# ---------------------------------------------------------------- tracebacks in text

_PY_FRAME = re2.compile(r'^\s*File "([^"]+)", line (\d+)(?:, in (.+))?$')
_JAVA_FRAME = re2.compile(r"^\s*(?:at [\w.$<>/]+\(.*\)|\.\.\. \d+ (?:more|common frames))")
_JAVA_HEAD = re2.compile(
    r"^\s*(?:Exception in thread \"[^\"]*\" |Caused by: |: |\[error\] )?"
    r"((?:[a-z_$][\w$]*\.)+[A-Z][\w$]*)(?:: (.*))?$"
)
_ERROR_LINE = re2.compile(
    r"^(?:E\s{2,})?((?:[A-Za-z_][\w]*\.)*"
    r"(?:[A-Z]\w*(?:Error|Exception|Warning|Exit|Interrupt|Timeout|Failure|Fault|Group|Violation|Iteration)\w*"
    r"|[A-Z]\w*|(?:[a-z_]\w*\.)+\w+))(?::\s(.*)|:?)$"
)
_GUTTER = re2.compile(r"^\s*(?:\||\+[-+ ]*(?:\d+ -+)?)\s?")
_CAUSE_OF = "The above exception was the direct cause of the following exception"
_WHILE = "During handling of the above exception, another exception occurred"


class _TextBlocks:
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
