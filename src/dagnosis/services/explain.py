"""Explain a failed try: from its log to a `Diagnosis`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import re2

from dagnosis.logs.diagnosers.placement import owner
from dagnosis.logs.diagnosers.rules import Finding, diagnose
from dagnosis.logs.fingerprint import fingerprint
from dagnosis.logs.parsing import ParsedLog, parse
from dagnosis.logs.reading import Limits, LogText, read_path, read_text
from dagnosis.logs.redaction import redact
from dagnosis.model import Diagnosis, Engine, Evidence, ExceptionInfo, RankedCause, RetryAdvice

if TYPE_CHECKING:
    from dagnosis.logs.llm.consult import Consultant

NO_FAILURE = "No failure in this log"


def explain(path: str | Path, *, evidence: int = 5, limits: Limits | None = None) -> Diagnosis:
    """Diagnose one log file (plain, gz or zstd).

    Raises `UnreadableInput` for a file that is missing, binary or may not be read.
    """
    return explain_log(read_path(Path(path), limits or Limits()), evidence=evidence)


def explain_text(
    text: str, *, name: str = "<text>", evidence: int = 5, consultant: Consultant | None = None
) -> Diagnosis:
    """Diagnose a log that is at hand as text.

    >>> answer = explain_text("ModuleNotFoundError: No module named 'pandas'")
    >>> answer.cause
    'missing_dependency'
    """
    return explain_log(read_text(text, name), evidence=evidence, consultant=consultant)


def explain_log(
    log: LogText, *, evidence: int = 5, consultant: Consultant | None = None
) -> Diagnosis:
    """Diagnose a log that was read. Every quoted line is redacted.

    A `consultant` is asked after the local answer, which stands where it knows no better.
    """
    started = time.perf_counter()
    parsed = parse(log)
    finding = diagnose(parsed, evidence)
    name = _fingerprint(parsed, finding)
    engine: Engine = "rules"
    if consultant is not None:
        consultation = consultant.ask(parsed, finding, name)
        finding = consultation.finding
        engine = "llm" if consultation.won else engine
    answer = _answer(log, parsed, finding, name, engine)
    elapsed = round((time.perf_counter() - started) * 1000, 3)
    return msgspec.structs.replace(answer, elapsed_ms=elapsed)


def _answer(
    log: LogText, parsed: ParsedLog, finding: Finding | None, name: str, engine: Engine
) -> Diagnosis:
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
        engine=engine,
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
