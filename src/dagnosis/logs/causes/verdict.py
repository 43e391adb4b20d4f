"""What one message says about the cause: causes, tables and the place where it was raised.

`judge` is the one door to the knowledge in this folder.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from dagnosis.logs.causes.catalogue import Cause, catalogue, split_exception
from dagnosis.logs.causes.phrases import WEIGHT, Phrase, spoken_of
from dagnosis.logs.causes.tables import TableHit, look_up
from dagnosis.model import FAMILY_MEANINGS, RetryAdvice, Transience


class Verdict(msgspec.Struct, frozen=True):
    """One hypothesis about one message; heavier is more specific (1 to 10).

    `supervised` marks statements of Airflow's own supervisor and executor, which stand at any level;
    `vague` ones say where or how it was raised, not why;
    `certainty` in (0, 1] is the share of such messages that it explains, `rival` the id of the cause
    that explains most of the others ("" where none is known).
    """

    detail: str
    family: str
    title: str
    weight: float
    transience: Transience = "unknown"
    retry: RetryAdvice = RetryAdvice("default")
    fix: tuple[str, ...] = ()
    symptom: bool = False
    supervised: bool = False
    ending: bool = False
    vague: bool = False
    certainty: float = 1.0
    rival: str = ""


DELAY_SECONDS = 60
"""Before a retry of what passes by itself, where nothing states a better time."""
_ENDINGS = ("exit_code", "signal")
"""Tables that say how a process ended, not why."""
_NAMES = "exception_name"
"""The table that reads the name of an exception type which no other table knows."""
# Raised by Python where the code is wrong; their words are Python's, not an author's.
_SPEAK_FOR_THEMSELVES = frozenset(
    "ArithmeticError AttributeError ImportError IndentationError IndexError KeyError LookupError "
    "ModuleNotFoundError NameError NotImplementedError RecursionError SyntaxError TabError TypeError "
    "UnboundLocalError ZeroDivisionError".split()
)


def judge(message: str, exception: str = "", *, free: bool = False) -> tuple[Verdict, ...]:
    """The causes that `message` states, heaviest first; empty when it states none.

    `exception` is its type where the log has it apart; `free` asks about people's own words too,
    which is right for what was raised or logged as an error, and wrong for chatter.
    """
    if len(message) <= SHORT:
        return _judged(message, exception, free)
    return _judge(message, exception, free)


SHORT, REMEMBERED = 500, 4096
"""Messages of so many characters at most, and so many of them, are judged once: failures that come by
the thousand say the same words."""


def _judge(message: str, exception: str, free: bool) -> tuple[Verdict, ...]:
    verdicts = [_of_cause(hit.cause, hit.weight) for hit in catalogue().match(message, exception)]
    verdicts += map(_of_row, look_up(message, exception))
    name = (exception or split_exception(message)[0]).rpartition(".")[2]
    phrase = spoken_of(message) if free and name not in _SPEAK_FOR_THEMSELVES else None
    if phrase:
        verdicts.append(_of_phrase(phrase))
    verdicts.sort(key=lambda v: (v.symptom, -v.weight))
    return tuple(verdicts)


_judged = lru_cache(REMEMBERED)(_judge)


def structural(cause_id: str, what: str = "") -> Verdict:
    """The verdict of a structural cause; `what` is added to its title. KeyError when unknown."""
    cause = catalogue().causes[cause_id]
    verdict = _of_cause(cause, cause.spec.weight)
    return msgspec.structs.replace(verdict, title=f"{cause.title} ({what})") if what else verdict


def _of_cause(cause: Cause, weight: float) -> Verdict:
    return Verdict(
        detail=cause.id,
        family=cause.family,
        title=cause.title,
        weight=weight,
        transience=cause.spec.transience,
        retry=cause.spec.retry,
        fix=cause.spec.fix,
        symptom=cause.spec.symptom,
        supervised=cause.spec.supervised,
        ending=cause.spec.ending,
        vague=cause.spec.vague,
        certainty=cause.spec.certainty,
        rival=cause.spec.rival,
    )


def _of_row(row: TableHit) -> Verdict:
    return Verdict(
        detail=f"{row.family}.{row.cause}",
        family=row.family,
        title=row.name,
        weight=row.weight,
        transience=row.transience,
        retry=_advice(row.transience, row.name, row.delay_seconds),
        fix=row.fix,
        symptom=row.symptom,
        ending=row.table in _ENDINGS,
        vague=row.table == _NAMES,
    )


def _of_phrase(phrase: Phrase) -> Verdict:
    return Verdict(
        detail=f"{phrase.family}.in_words",
        family=phrase.family,
        title=by_its_words(phrase.family),
        weight=WEIGHT,
        transience=phrase.transience,
        retry=_advice(phrase.transience, "Judged by the words of the message alone."),
    )


def by_its_words(family: str) -> str:
    """The title of a verdict that rests on nothing but the words of the message."""
    return "By its words: " + FAMILY_MEANINGS[family].rstrip(".")


def _advice(transience: Transience, reason: str, delay: int | None = None) -> RetryAdvice:
    if transience == "transient":
        return RetryAdvice("retry", delay or DELAY_SECONDS, reason)
    return RetryAdvice("fail" if transience == "permanent" else "default", None, reason)
