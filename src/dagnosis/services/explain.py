"""Explain a failed try: from its log to a `Diagnosis`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from dagnosis.logs.diagnosers.cascade import Answered, diagnose
from dagnosis.logs.diagnosers.rules import Finding
from dagnosis.logs.diagnosers.similar import Memory
from dagnosis.logs.parsing import ParsedLog, parse
from dagnosis.logs.reading import Limits, LogText, read_path, read_text
from dagnosis.logs.redaction import redact
from dagnosis.model import Diagnosis, Evidence, ExceptionInfo, RankedCause, RetryAdvice

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


class Examined(msgspec.Struct, frozen=True):
    """A diagnosis with what it was made from."""

    answer: Diagnosis
    parsed: ParsedLog
    finding: Finding | None


def explain_log(
    log: LogText,
    *,
    evidence: int = 5,
    memory: Memory | None = None,
    consultant: Consultant | None = None,
) -> Diagnosis:
    """Diagnose a log that was read. Every quoted line is redacted.

    `memory` is where labels of users and earlier diagnoses are looked up; a memory that cannot be
    read costs its knowledge, not the answer. A `consultant` (a language model) is asked after the
    local answer, which stands where it knows no better.
    """
    return examine(log, evidence=evidence, memory=memory, consultant=consultant).answer


def examine(
    log: LogText,
    *,
    evidence: int = 5,
    memory: Memory | None = None,
    consultant: Consultant | None = None,
) -> Examined:
    """As `explain_log`, with the parsed log and the finding."""
    started = time.perf_counter()
    parsed = parse(log)
    answered = diagnose(parsed, evidence, memory=memory, consultant=consultant)
    answer = _answer(log, parsed, answered)
    elapsed = round((time.perf_counter() - started) * 1000, 3)
    answer = msgspec.structs.replace(answer, elapsed_ms=elapsed)
    return Examined(answer, parsed, answered.finding)


def _answer(log: LogText, parsed: ParsedLog, answered: Answered) -> Diagnosis:
    finding = answered.finding
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
        gaps=(*answered.gaps, *(finding.gaps if finding else ()), *log.notes),
        fingerprint=answered.fingerprint,
        engine=finding.engine if finding else "rules",
        similar=answered.similar,
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


def families(diagnosis: Diagnosis) -> Iterable[RankedCause]:
    """The hypotheses with each family once, best first."""
    seen = set()
    for ranked in diagnosis.ranked:
        if ranked.cause not in seen:
            seen.add(ranked.cause)
            yield ranked
