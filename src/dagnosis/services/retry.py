"""Would another try help? From a failed try to fail, retry with a delay, or leave it as it was.

Pure: exceptions and text in, a `Decision` out. `dagnosis.airflow.retry_policy` asks it in the task's
process, `dagnosis.services.replay` about a whole history.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from dagnosis.errors import WrongUse
from dagnosis.logs.causes.categories import category_of
from dagnosis.logs.parsing import ParsedLog
from dagnosis.logs.reading import Limits, LogText, read_text
from dagnosis.logs.redaction import redact
from dagnosis.logs.waiting import Wait, stated_wait
from dagnosis.model import FAMILIES, Diagnosis, RetryAction, Transience
from dagnosis.raised import record_of
from dagnosis.services.explain import explain_log

REASON_CHARACTERS = 500
"""Airflow stores no longer reason."""
LIMITS = Limits(
    whole_bytes=1 << 20,
    head_bytes=64 << 10,
    tail_bytes=384 << 10,
    hit_bytes=128 << 10,
    scan_bytes=8 << 20,
    max_unpacked_bytes=64 << 20,
)
"""So much of the try's own log is read: a decision must take milliseconds."""
_ENDS = ('"Task failed with exception"', '"Task exited"')
JITTER = 0.2
"""Tasks that failed together do not come back together: a delay grows by up to this share."""


class Category(Protocol):
    """What is done with a category; common-ai's `ErrorCategory` is one."""

    @property
    def retry(self) -> bool:
        """Retried, or failed at once."""

    @property
    def delay(self) -> object:
        """Before the retry, as a timedelta; None for what fits the cause."""

    @property
    def min_confidence(self) -> float | None:
        """A bar of its own, in [0, 1]."""


class Rules(msgspec.Struct, frozen=True):
    """What may be decided: only from `confidence` on (0 to 1), and only delays in
    [`shortest`, `longest`] (seconds). Causes in `never_fail` (`family` or `family.cause`) are never failed at
    once. `categories` overrides what is done, category by category."""

    confidence: float = 0.8
    shortest: float = 1.0
    longest: float = 3600.0
    never_fail: tuple[str, ...] = ()
    categories: Mapping[str, Category] | None = None


class Decision(msgspec.Struct, frozen=True):
    """What a retry policy should do, and why: `reason` has at most 500 characters and no secrets.

    `delay_seconds` is None unless the action is retry. `category` is one of common-ai's seven, or "".
    """

    action: RetryAction
    delay_seconds: float | None
    reason: str
    cause: str
    detail: str
    confidence: float
    transience: Transience
    category: str


def decide(
    answer: Diagnosis,
    *,
    try_number: int = 1,
    errors: Iterable[object] = (),
    rules: Rules | None = None,
    seed: str = "",
) -> Decision:
    """The decision about a try that was diagnosed.

    Permanent causes fail, transient ones are retried, everything else and everything below the bar is
    left to the task's own retries. `errors` are the live exceptions, asked how long to wait; without
    a stated wait the delay of the cause doubles with each try. `seed` settles the jitter: the same try
    gets the same delay.
    """
    rules = rules or Rules()
    category = category_of(answer.cause, answer.transience) if _settled(answer) else ""
    action, bar = _action(answer, category, rules)
    delay, source = None, ""
    if action == "retry":
        stated = stated_wait(errors, _message(answer))
        delay, source = _delay(answer, category, try_number, stated, rules, seed)
    return Decision(
        action=action,
        delay_seconds=delay,
        reason=_reason(answer, action, delay, source, bar),
        cause=answer.cause,
        detail=answer.detail,
        confidence=answer.confidence,
        transience=answer.transience,
        category=category,
    )


def examine_try(error: BaseException | None, log: LogText | None) -> Diagnosis:
    """Diagnose a try that is failing now: its live exception, and what stands in its log so far."""
    return explain_log(text_of_try(error, log))


def text_of_try(error: BaseException | None, log: LogText | None) -> LogText:
    """The log of a try that is failing now, as it will be once its exception is written to it.

    The exception takes the place of the line that Airflow logs about it, since it knows more: the
    module of its type, and lines that are not yet in the file. Without either the text is empty.
    """
    if error is None:
        return log or read_text("")
    line = msgspec.json.encode(record_of(error)).decode()
    if log is None:
        return read_text(line)
    lines, numbers = list(log.lines), list(log.numbers)
    if told := _told(log):
        lines[told] = line
    else:
        lines.append(line)
        numbers.append(log.lines_total + 1)
    total = max(log.lines_total, numbers[-1])
    return msgspec.structs.replace(log, lines=lines, numbers=numbers, lines_total=total)


def is_told(log: LogText) -> bool:
    """Does the log already hold the line with which a try ends?"""
    return bool(_told(log))


def has_raised(log: ParsedLog) -> bool:
    """Did the task raise, so that Airflow asks a policy? It does not when a process is killed."""
    raised = any(statement.origin == "task" for statement in log.statements)
    return raised or any(signal.event.startswith("Task exited") for signal in log.signals)


def check_causes(names: Iterable[str]) -> None:
    """Raise `WrongUse` for a name that is neither a family nor below one."""
    for name in names:
        if name.partition(".")[0] not in FAMILIES:
            raise WrongUse(
                f"{name!r} is no cause: name a family ({', '.join(FAMILIES)}) or a cause below one"
            )


def _told(log: LogText) -> int:
    """Index of the line with which the try ends; 0 where it is not there (the first line never is)."""
    for index in range(len(log.lines) - 1, max(len(log.lines) - 400, 0), -1):
        line = log.lines[index]
        if line.startswith("{") and any(end in line for end in _ENDS):
            return index
    return 0


def _settled(answer: Diagnosis) -> bool:
    """Does the cause say what to do, and is it of the same mind about whether it passes? What was judged
    by its words alone does not."""
    agreed = {"retry": "transient", "fail": "permanent"}.get(answer.retry.action)
    return answer.failed and agreed == answer.transience


def _action(answer: Diagnosis, category: str, rules: Rules) -> tuple[RetryAction, float]:
    """What to do, and the confidence that it takes."""
    chosen = (rules.categories or {}).get(category) if category else None
    if chosen is not None:
        bar = rules.confidence if chosen.min_confidence is None else chosen.min_confidence
        wanted: RetryAction = "retry" if chosen.retry else "fail"
    elif rules.categories is not None and category:
        return "default", rules.confidence
    else:
        bar = rules.confidence
        wanted = answer.retry.action if _settled(answer) else "default"
    if not answer.failed or answer.confidence < bar:
        return "default", bar
    spared = answer.cause in rules.never_fail or answer.detail in rules.never_fail
    return "default" if wanted == "fail" and spared else wanted, bar


def _delay(
    answer: Diagnosis,
    category: str,
    try_number: int,
    stated: Wait | None,
    rules: Rules,
    seed: str,
) -> tuple[float, str]:
    """Seconds until the next try, never sooner than what was stated, and who stated it."""
    chosen = (rules.categories or {}).get(category)
    seconds = getattr(chosen.delay if chosen else None, "total_seconds", None)
    if stated:
        base, source = stated.seconds, stated.source
    elif seconds is not None:
        base, source = float(seconds()), ""
    else:
        usual = answer.retry.delay_seconds or 60
        base, source = usual * 2.0 ** min(max(try_number - 1, 0), 10), ""
    jitter = 1 + JITTER * random.Random(seed).random() * (0.5 if stated else 1)  # noqa: S311
    return round(min(max(base * jitter, rules.shortest), rules.longest), 1), source


def _message(answer: Diagnosis) -> str:
    if answer.exception:
        return answer.exception.message
    return answer.evidence[0].text if answer.evidence else ""


def _reason(
    answer: Diagnosis, action: RetryAction, delay: float | None, source: str, bar: float
) -> str:
    if not answer.failed:
        return "dagnosis: no cause is stated; the task's own retries stand"
    what = f"{answer.title} ({answer.detail}, {answer.confidence:.0%} sure)"
    if action == "fail":
        verdict = "another try cannot succeed"
    elif action == "retry" and delay is not None:
        verdict = f"retry in {delay:g} s" + (f", as {source} says" if source else "")
    elif answer.confidence < bar:
        verdict = f"less than {bar:.0%} sure: the task's own retries stand"
    elif answer.transience == "permanent" and answer.retry.action == "fail":
        verdict = "not to be failed at once, as was set: the task's own retries stand"
    else:
        verdict = "it is open whether another try helps: the task's own retries stand"
    reason = f"dagnosis: {verdict}. {what}"
    said = " ".join(_message(answer).split())
    if said and not said.startswith("{"):
        reason += f': "{said}"'
    reason = redact(reason)
    return reason if len(reason) <= REASON_CHARACTERS else reason[: REASON_CHARACTERS - 1] + "…"
