"""What one candidate says about another: chains, repeated summaries, endings, earlier attempts.

Each rule changes scores in place; the constants are points on the scale of `evidence`.
"""

from __future__ import annotations

import re2

from dagnosis.logs.candidate import Candidate, quote
from dagnosis.logs.causes.verdict import judge, structural
from dagnosis.logs.loudness import ECHOES, LOUD, loudness
from dagnosis.logs.parsing import ParsedLog

EXIT_CODE = "code_error.nonzero_exit"
"""The cause that says no more than an exit code."""
WRAPPED = 0.3
"""For the exception that says again, and more, what the one that it wraps says."""
EARLIER_ATTEMPT = -4.0
"""For what stands before the last start of the try: an earlier attempt, or an earlier poke."""
AFTER_FAILURE = -6.0
"""For how the process ended, once the task has stated why."""
CLOSING_WORDS = -2.0
"""For a line that states nothing known and stands below what the task raised."""
LAST_TRACE = 0.8
"""For the last stack trace that a process printed: those before it were caught."""
RECENT = 0.8
"""For the last line of the log against the first: what comes later is nearer to the failure."""


def weigh(found: list[Candidate], log: ParsedLog) -> None:
    """Apply the rules that look at the whole log; `settle_chain` has seen each chain before."""
    _weigh_places(found, log)
    _prefer_bodies(found, log)
    _prefer_output(found)
    _explain_endings(found, log)


def settle_chain(chain: list[Candidate]) -> None:
    """Which member of a chain to quote.

    The root states the cause, but for two habits of Python code: a library wraps the error of its
    driver and says more ("Code: 210. Connection refused" from "[Errno 111] Connection refused"), and
    a lookup that failed is handled by raising what it means (`KeyError` within `UnknownType`). A
    `CancelledError` is how asyncio brings about the `TimeoutError` above it.
    """
    for inner in chain:
        for outer in chain:
            if outer.depth >= inner.depth:
                continue
            if _says_again(outer, inner):
                if not outer.verdicts or outer.symptom:
                    outer.verdicts = inner.verdicts
                outer.score = max(outer.score, inner.score + WRAPPED)
            elif inner.name == "CancelledError" or (
                inner.link == "context" and inner.name in _LOOKUPS and outer.name not in _LOOKUPS
            ):
                inner.score = min(inner.score, outer.score - WRAPPED)


def _says_again(outer: Candidate, inner: Candidate) -> bool:
    core = _ERRNO.sub("", inner.value or inner.type).strip()[:120]
    if len(core) >= 8 and core in outer.value:
        return True
    one, other = outer.verdict, inner.verdict
    return bool(
        one and other and one.family == other.family and one.weight >= 3 and not one.symptom
    )


_ERRNO = re2.compile(r"^\[Errno -?\d+\] ")
_LOOKUPS = frozenset(
    "KeyError AttributeError IndexError LookupError StopIteration TypeError".split()
)


_TERSE = re2.compile(r"^(?:[\w.]+: )?4\d\d:[\w ]*$")


def _prefer_bodies(found: list[Candidate], log: ParsedLog) -> None:
    """Airflow's HTTP hook logs the body of a refusal as an error, then raises "401:Unauthorized":
    the body says which right or key was missing, so it is quoted."""
    terse = next((c for c in found if c.kind == "exception" and _TERSE.match(c.message)), None)
    if terse is None:
        return
    bodies = {
        line.number
        for line in log.lines
        if line.level == "ERROR"
        and line.logger.endswith(("http.py", "HttpHook"))
        and not line.message.startswith("HTTP error:")
    }
    for body in found:
        if body.line in bodies and body.line < terse.line:
            body.score = max(body.score, terse.score + WRAPPED)
            body.verdicts = body.verdicts or terse.verdicts


def _prefer_output(found: list[Candidate]) -> None:
    """An operator repeats the exit code of its process ("… a non-zero exit code 127"); the output
    above that says the same in words ("dbt: command not found") states it."""
    for summary in found:
        if not any(v.detail == EXIT_CODE for v in summary.verdicts) or summary.symptom:
            continue
        for line in found:
            if line.kind == "line" and line.line < summary.line and _same_family(line, summary):
                line.score = max(line.score, summary.score + WRAPPED)


_MEMORY = re2.compile(
    r"(?i)\b(?:memory|mem|rss)\b[^\n]{0,40}(?:limit (?:reached|exceeded|hit)|exhausted|exceed)"
    r"|out of memory|not enough memory|oom_kill[\s:=]+[1-9]|oom[- ]killer|killed process \d"
    r"|\b(?:9[5-9]|100)(?:\.\d+)? ?% (?:of )?(?:memory|mem|ram)\b"
    r"|\b(?:memory|mem|ram|rss)\b[^\n]{0,20}\b(?:9[5-9]|100)(?:\.\d+)? ?%"
)


def _explain_endings(found: list[Candidate], log: ParsedLog) -> None:
    """How a process ended is not why: a SIGKILL with memory at its limit is a memory failure (and
    only then), and a process that aborts itself has usually said the reason."""
    endings = [c for c in found if c.verdict and c.verdict.ending]
    if not endings:
        return
    ending = max(endings, key=lambda c: c.score)
    killed = _KILLED.search(ending.message)
    last = max(c.line for c in endings)
    why = _memory_line(log, last) if killed else _last_words(found, ending)
    if why is None:
        return
    if why not in found:
        found.append(why)
    why.score = max(why.score, ending.score + WRAPPED)
    why.verdicts = why.verdicts or ending.verdicts


_KILLED = re2.compile(r"(?i)\bkilled\b|SIGKILL|(?:^|\W)(?:-9|137)\b")
LAST_WORDS = 40
"""Lines above the end of a process among which it says why it aborted."""


def _memory_line(log: ParsedLog, ending: int) -> Candidate | None:
    """The last line above line `ending` that reports memory at its limit, as a candidate."""
    for line in reversed(log.lines):
        told = line.number < ending and line.number not in log.background
        if not told or line.message.startswith(ECHOES):
            continue
        if _MEMORY.search(line.message[:1000]):
            verdicts = judge(line.message[:4000], free=True)
            memory = tuple(v for v in verdicts if v.family == "out_of_memory" and v.weight > 4)
            return Candidate(
                line=line.number,
                quote=quote(line),
                message=line.message.strip(),
                kind="line",
                origin="output" if line.number in log.output else "log",
                verdicts=memory or (structural("out_of_memory.killed_at_limit"),),
                score=0.0,
            )
    return None


def _last_words(found: list[Candidate], ending: Candidate) -> Candidate | None:
    """The likeliest statement of the process just before it ended."""
    near = [
        c
        for c in found
        if ending.line - LAST_WORDS <= c.line < ending.line
        and c.origin in ("output", "log")
        and (c.verdict or loudness(c.message) >= LOUD)
        and not (c.verdict and (c.verdict.ending or c.verdict.symptom))
    ]
    return max(near, key=lambda c: c.score, default=None)


def _same_family(one: Candidate, other: Candidate) -> bool:
    return bool(one.verdict and other.verdict and one.verdict.family == other.verdict.family)


def _weigh_places(found: list[Candidate], log: ParsedLog) -> None:
    """What the order of lines says: late ones are nearer to the failure, those of the last attempt
    count, and how a process ended is a consequence once an exception was stated."""
    if not log.lines:
        return
    first, last = log.lines[0].number, log.lines[-1].number
    span = max(last - first, 1)
    stated = min(
        (c.line for c in found if c.kind == "exception" and c.origin == "task"), default=last + 1
    )
    uncaught = max((c.block for c in found if c.origin == "output"), default=-1)
    for candidate in found:
        if candidate.block == uncaught and candidate.origin == "output" and uncaught >= 0:
            candidate.score += LAST_TRACE
        candidate.score += RECENT * (candidate.line - first) / span
        if candidate.line < log.started_at:
            candidate.score += EARLIER_ATTEMPT
        if candidate.kind == "supervisor" and candidate.line > stated:
            candidate.score += AFTER_FAILURE
        elif candidate.kind == "line" and not candidate.verdicts and candidate.line > stated:
            candidate.score += CLOSING_WORDS
