"""One failed try, diagnosed from everything that is known of it: log, facts of Airflow, hint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from dagnosis.logs.reading import LogText, read_text
from dagnosis.services.explain import Examined, examine
from dagnosis.sources.contract import Attempt

if TYPE_CHECKING:
    from dagnosis.logs.diagnosers.similar import Memory
    from dagnosis.logs.llm.consult import Consultant
    from dagnosis.spool import Hint

ENDED_BY_OTHERS = frozenset(
    {
        "cancelled_or_upstream.not_able_to_run",
        "cancelled_or_upstream.state_set_externally",
        "unknown.unknown",
        "worker_lost.log_just_ends",
        "worker_lost.set_to_retry_externally",
        "worker_lost.told_to_stop",
    }
)
"""Answers that a log gives where it cannot know why: what Airflow states elsewhere comes first."""
NO_LOG = "dagnosis: the try failed and has written no log"
SET_BY_SOMEBODY = "cancelled_or_upstream.state_set_externally"


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a failed try: each may be missing, and not all of them can be wrong."""

    attempt: Attempt
    log: LogText | None = None
    facts: LogText | None = None
    hint: Hint | None = None


class Diagnosed(msgspec.Struct, frozen=True, kw_only=True):
    """The answer, and the text that it quotes. `in_log` is False where that text is not the log."""

    attempt: Attempt
    text: LogText
    examined: Examined
    in_log: bool


def diagnosed(
    known: Known, *, memory: Memory | None = None, consultant: Consultant | None = None
) -> Diagnosed:
    """The best answer. Its finding is None where the try failed and nothing anywhere says why.

    The log's own answer stands, unless it can only say that somebody else ended the task; then come
    the facts, then the exception that the listener saw alive, then the log's answer after all.
    """

    def ask(text: LogText, *, in_log: bool = False) -> Diagnosed:
        return Diagnosed(
            attempt=known.attempt,
            text=text,
            examined=examine(text, memory=memory, consultant=consultant),
            in_log=in_log,
        )

    def settles(answer: Diagnosed) -> bool:
        return (
            answer.examined.finding is not None
            and answer.examined.answer.detail not in ENDED_BY_OTHERS
        )

    log = known.log if known.log and any(line.strip() for line in known.log.lines) else None
    by_log = ask(log, in_log=True) if log else ask(read_text(NO_LOG, "what dagnosis saw"))
    if log and settles(by_log):
        return by_log
    by_facts = ask(known.facts) if known.facts else None
    if by_facts and (settles(by_facts) or by_facts.examined.answer.detail == SET_BY_SOMEBODY):
        return by_facts
    seen = _seen_alive(known.hint)
    alive = ask(seen) if seen else None
    return alive if alive and settles(alive) else by_log


def _seen_alive(hint: Hint | None) -> LogText | None:
    """The hint in the words of a log: Airflow 3 writes the same line when a task ends so."""
    if hint is None or not (hint.chain or hint.text):
        return None
    record = {
        "level": "error", "logger": "task", "event": "Task failed with exception",
        **({"error_detail": list(hint.chain)} if hint.chain else {"detail": hint.text}),
    }  # fmt: skip
    text = json.dumps(record) if hint.chain else hint.text
    return read_text(text, "what the listener saw")
