"""Explain a failed try: from its log to a `Diagnosis`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import msgspec
import re2

from dagnosis.errors import DagnosisError
from dagnosis.logs.diagnosers.placement import owner
from dagnosis.logs.diagnosers.rules import Finding, diagnose
from dagnosis.logs.diagnosers.similar import Memory, Recalled, recall
from dagnosis.logs.fingerprint import fingerprint
from dagnosis.logs.parsing import ParsedLog, parse
from dagnosis.logs.reading import Limits, LogText, read_path, read_text
from dagnosis.logs.redaction import redact
from dagnosis.model import Diagnosis, Engine, Evidence, ExceptionInfo, RankedCause, RetryAdvice

NO_FAILURE = "No failure in this log"


def explain(path: str | Path, *, evidence: int = 5, limits: Limits | None = None) -> Diagnosis:
    """Diagnose one log file (plain, gz or zstd).

    Raises `UnreadableInput` for a file that is missing, binary or may not be read.
    """
    return explain_log(read_path(Path(path), limits or Limits()), evidence=evidence)


def explain_text(text: str, *, name: str = "<text>", evidence: int = 5) -> Diagnosis:
    """Diagnose a log that is at hand as text.

    >>> answer = explain_text("ModuleNotFoundError: No module named 'pandas'")
    >>> answer.cause
    'missing_dependency'
    """
    return explain_log(read_text(text, name), evidence=evidence)


class Examined(msgspec.Struct, frozen=True):
    """A diagnosis with what it was made from."""

    answer: Diagnosis
    parsed: ParsedLog
    finding: Finding | None


def explain_log(log: LogText, *, evidence: int = 5, memory: Memory | None = None) -> Diagnosis:
    """Diagnose a log that was read. Every quoted line is redacted.

    `memory` is where labels of users and earlier diagnoses are looked up; a memory that cannot be
    read costs its knowledge, not the answer.
    """
    return examine(log, evidence=evidence, memory=memory).answer


def examine(log: LogText, *, evidence: int = 5, memory: Memory | None = None) -> Examined:
    """As `explain_log`, with the parsed log and the finding."""
    started = time.perf_counter()
    parsed = parse(log)
    finding = diagnose(parsed, evidence)
    name = _fingerprint(parsed, finding)
    recalled = _recall(parsed, finding, name, memory)
    engine: Engine = "similar" if recalled.finding else "rules"
    finding = recalled.finding or finding
    answer = _answer(log, parsed, finding, name)
    elapsed = round((time.perf_counter() - started) * 1000, 3)
    answer = msgspec.structs.replace(
        answer,
        engine=engine,
        similar=recalled.ids,
        gaps=(*recalled.gaps, *answer.gaps),
        elapsed_ms=elapsed,
    )
    return Examined(answer, parsed, finding)


def _recall(
    parsed: ParsedLog, finding: Finding | None, name: str, memory: Memory | None
) -> Recalled:
    """What the memory adds: a label of this very failure always, a neighbour's only where the rules
    know nothing."""
    if memory is None or finding is None:
        return Recalled()
    try:
        recalled = recall(parsed, finding, name, memory)
    except DagnosisError as error:
        return Recalled(gaps=(f"Earlier answers were not looked up: {error}.",))
    if recalled.exact or finding.verdict is None:
        return recalled
    return msgspec.structs.replace(recalled, finding=None)


def _answer(log: LogText, parsed: ParsedLog, finding: Finding | None, name: str) -> Diagnosis:
    verdict = finding.verdict if finding else None
    unnamed = "Failed for a reason that is not known here" if finding else NO_FAILURE
    return Diagnosis(
        id=log.name,
        cause=verdict.family if verdict else "unknown",
        detail=verdict.detail if verdict else "unknown.unknown",
        title=verdict.title if verdict else unnamed,
        confidence=finding.confidence if finding else 0.0,
        ranked=finding.ranked if finding else (),
        transience=verdict.transience if verdict else "unknown",
        retry=verdict.retry if verdict else RetryAdvice("default"),
        evidence=tuple(_clean(line) for line in finding.evidence) if finding else (),
        fix=verdict.fix if verdict else (),
        gaps=(*(finding.gaps if finding else ()), *log.notes),
        fingerprint=name,
        engine="rules",
        lines_total=log.lines_total,
        truncated=log.truncated,
        levels=parsed.levels,
        failed=finding is not None,
        task=parsed.task,
        exception=_clean_exception(finding.exception) if finding and finding.exception else None,
    )


def _clean(line: Evidence) -> Evidence:
    return Evidence(line.line, redact(line.text), line.role, line.score)


def _clean_exception(exception: ExceptionInfo) -> ExceptionInfo:
    return ExceptionInfo(exception.type, redact(exception.message), exception.frame)


def _fingerprint(parsed: ParsedLog, finding: Finding | None) -> str:
    """Named after what the log states, not after the cause that it was given."""
    if finding is None:
        return ""
    exception = finding.exception
    setting = _setting(parsed, finding.message)
    if exception is None:
        return fingerprint(("", finding.message, "", setting))
    frame = exception.frame
    function = frame.function if frame and owner(frame) == "user" else ""
    return fingerprint((exception.type.rpartition(".")[2], exception.message, function, setting))


_EXIT_CODE = re2.compile(r"(?i)\b(?:exit(?:ed)?|return|exit status) ?(?:with )?(?:code|status)\b")
_HEADING = re2.compile(r"(?i)\b(?:error|failure) in \w+ [\w.]+")


def _setting(parsed: ParsedLog, message: str) -> str:
    """What a sub-process printed that tells one failure from another with the same message.

    For a bare exit code that is its last words; for a line of dbt the heading above it, which names
    the model. Empty where there is no sub-process.
    """
    if not parsed.output:
        return ""
    bare = bool(_EXIT_CODE.search(message))
    before = ""
    for line in parsed.lines:
        if line.number not in parsed.output or not line.message.strip():
            continue
        if not bare and line.message.strip() == message.strip():
            break
        if not _EXIT_CODE.search(line.message):
            before = line.message
    return before if bare or _HEADING.search(before) else ""


def families(diagnosis: Diagnosis) -> Iterable[RankedCause]:
    """The hypotheses with each family once, best first."""
    seen = set()
    for ranked in diagnosis.ranked:
        if ranked.cause not in seen:
            seen.add(ranked.cause)
            yield ranked
