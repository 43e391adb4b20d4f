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

from typing import Any

import msgspec
import re2

from dagnosis.logs.reading import LogText
from dagnosis.logs.records import (
    Record,
    cut_record,
    frames_of,
    record_of,
    signal_of,
    task_ref,
    text_of,
)
from dagnosis.logs.shells import LEVELS, Shell, unshell
from dagnosis.logs.statements import Link, Origin, Signal, Statement
from dagnosis.logs.traces import TraceReader
from dagnosis.model import LogLine, TaskRef


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
    began: bool
    """The log says that a try of a task began."""
    started_at: int
    """Number of the line where the task started for the last time; 0 where none says so."""
    succeeded: bool
    """The log says that the try ended well (success, skipped or deferred)."""
    levels: dict[str, int]
    airflow: bool
    """At least one line is a record that Airflow wrote."""

    @property
    def just_ends(self) -> bool:
        """The log of a try that began and does not say how it ended."""
        return self.began and not self.succeeded

    def by_number(self) -> dict[int, LogLine]:
        """Line number -> line."""
        return {line.number: line for line in self.lines}


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
    "Error while calling listener",
    "Error in callback",
    "Failed on pre-execution callback",
    "Failed on post-execution callback",
    "Failed to send callback",
    "Failed to send notification",
    "Failed to send email",
    "Error while using email template",
    "on_kill() method failed",
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
_STARTS = ("Starting attempt ", "::group::Pre task execution logs")
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
    "trigger starting",  # the log of a trigger says nothing of how the try ends
)


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
        self.number = 0
        self.ended_well_at = 0
        self.began = False
        self.started_at = 0
        self.pre_execute = False
        self.aftermath = False
        self.reader = TraceReader(0)
        self.airflow = False

    # -- lines

    def feed(self, number: int, text: str) -> None:
        if number != self.number + 1:
            self.reader.close()  # lines are missing here: no trace goes on behind them
        self.number = number
        record = record_of(text)
        if record is not None:
            self._feed_record(number, text, record)
        else:
            self._feed_text(number, cut_record(text) if _is_cut(text) else text)

    def _feed_record(self, number: int, text: str, record: Record) -> None:
        event = record.said
        kind, said = record.stated_error()
        if said:
            event = f"{event}: {kind}: {said}" if kind else f"{event}: {said}"
            self._state(number, kind, said)
        level = LEVELS.get(record.stated_level)
        logger = text_of(record.logger)
        self.lines.append(LogLine(number, text, event, level, logger))
        self.airflow = self.airflow or bool(record.event)
        if self.task is None and isinstance(record.dag_id, str) and isinstance(record.task_id, str):
            self.task = task_ref(record)
        background = self._follow(number, event)
        if record.chan in ("stdout", "stderr") or logger.endswith(_OUTPUT_LOGGERS):
            self.output.add(number)
            self._feed_output(number, event)
        if record.exit_code is not None or record.signal is not None or record.detail is not None:
            self.signals.append(signal_of(number, event, record))
        if isinstance(record.error_detail, list):
            origin, parse_time = self._record_origin(event, logger, background)
            self._error_detail(number, record.error_detail, origin, parse_time)
            if origin == "callback":
                self.background.add(number)
        trace = record.exception or record.exc_info
        if isinstance(trace, str) and "Traceback (most recent" in trace:
            self._embedded(number, trace, event)
        elif "Traceback (most recent call last)" in event and "\n" in event:
            self._embedded(number, event, event)

    def _state(self, number: int, kind: str, said: str) -> None:
        """An error that a record of another logger states under a key of its own."""
        if kind:
            self.reader.block += 1
            self.statements.append(Statement(number, kind, said, "log", self.reader.block))

    def _follow(self, number: int, event: str) -> bool:
        """Where in the try this event stands; true before the task itself began."""
        if event == "::group::Pre Execute":
            self.pre_execute = self.began = True
            self.started_at = number
        elif event == "::endgroup::":
            self.pre_execute = False
        if event.startswith(_ENDED_WELL):
            self.ended_well_at = number
        background = self.pre_execute and not event.startswith("Task failed")
        if background:
            self.background.add(number)
        return background

    def _record_origin(self, event: str, logger: str, background: bool) -> tuple[Origin, bool]:
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
                    frames=tuple(frames_of(raw.get("frames"))),
                    notes=tuple(text_of(note) for note in raw.get("exc_notes") or ()),
                    parse_time=parse_time,
                )
            )
            for group in raw.get("exceptions") or ():
                if isinstance(group, list):
                    self._walk(number, group, origin, parse_time, depth + index + 1, True)

    def _embedded(self, number: int, trace: str, event: str) -> None:
        """A traceback that stands inside one JSON string: all of it quotes this line."""
        origin: Origin = "import" if event.startswith(("Failed to import", "Broken DAG")) else "log"
        reader = TraceReader(self.reader.block)
        for part in trace.split("\n"):
            reader.feed(number, part, origin, origin == "import", prefixed=False)
        reader.close()
        self._take(reader)

    def _feed_output(self, number: int, event: str) -> None:
        shell = unshell(event)
        for part in shell.message.split("\n"):
            self.reader.feed(number, part, "output", False, prefixed=True)

    # -- text

    def _feed_text(self, number: int, text: str) -> None:
        shell = unshell(text)
        message = shell.message
        self.lines.append(LogLine(number, text, message, shell.level, shell.logger))
        self.airflow = self.airflow or shell.logger.endswith(".py")
        if shell.prefixed:
            self._sections(number, message, shell.logger)
            if message.startswith(_ENDED_WELL):
                self.ended_well_at = number
            if message.startswith(_STARTS):
                self.started_at = number
            if self.task is None:
                self.task = _task_from_text(message)
                self.began = self.task is not None
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

    def _text_origin(self, shell: Shell) -> Origin:
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

    def _take(self, reader: TraceReader) -> None:
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
            began=self.began,
            started_at=self.started_at,
            succeeded=self.ended_well_at > 0,
            levels=levels,
            airflow=self.airflow,
        )


def _is_cut(text: str) -> bool:
    return text.startswith("{") and '"event"' in text


def line_of(number: int, text: str) -> LogLine:
    """One line by itself: its bare message, stated level and logger."""
    record = record_of(text)
    if record is not None:
        level = LEVELS.get(record.stated_level)
        return LogLine(number, text, record.said, level, text_of(record.logger))
    shell = unshell(text)
    return LogLine(number, text, shell.message, shell.level, shell.logger)


def parse(log: LogText) -> ParsedLog:
    """Parse what was read of one log. Never raises on any text; an empty log has no lines."""
    parser = _Parser()
    for number, text in zip(log.numbers, log.lines, strict=True):
        parser.feed(number, text)
    return parser.close()


_TI = re2.compile(r"<TaskInstance: ([\w.\-]+)\.([\w\-]+) (\S+?)(?: map_index=(\d+))? \[\w+\]>")


def _task_from_text(message: str) -> TaskRef | None:
    if "<TaskInstance: " not in message:
        return None
    found = _TI.search(message)
    if not found:
        return None
    dag_id, task_id, run_id, map_index = found.groups()
    return TaskRef(dag_id, run_id, task_id, int(map_index) if map_index else -1)
