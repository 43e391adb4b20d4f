"""Which line states the cause, which lines are symptoms, which are noise.

Structure first: what the task itself raised outweighs what its processes printed, and that
outweighs records that somebody logged and went on from; parse-time records of other tasks, failing
callbacks, listeners and clean-up weigh almost nothing. Then content: a line that states a known
cause outweighs one that only says that something failed ("exit code 1").

The score is additive, in points; `PRIOR` and the constants below are the whole of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec
import re2

from dagnosis.logs.causes.phrases import spoken_of
from dagnosis.logs.causes.verdict import Verdict, judge, structural
from dagnosis.logs.loudness import loudness, rank_lines, spread
from dagnosis.logs.parsing import ParsedLog
from dagnosis.logs.statements import Link, Origin, Statement
from dagnosis.model import Frame, LogLine

Kind: TypeAlias = Literal["exception", "supervisor", "line"]

PRIOR: dict[Origin, float] = {
    "task": 10.0,
    "import": 9.5,
    "output": 7.5,
    "log": 6.5,
    "background": 1.0,
    "callback": 0.5,
}
"""Points of a stated exception by whose failure it tells."""

SUPERVISOR = 8.5
OUTPUT_ERROR, OUTPUT_INFO, LOG_ERROR, LOG_WARNING, BARE, LOG_INFO = 6.0, 5.0, 5.0, 3.0, 5.0, 2.5
"""Points of a plain line: written by a process of the task at level ERROR or with an error word, or
without; logged at ERROR, at WARNING, without a level (a pasted excerpt), at INFO."""

SYMPTOM = -6.5
"""For a line that only reports a consequence, such as an exit code."""
NO_CAUSE = -1.5
"""For an exception of a type that nothing is known about."""
UNSTATED = -3.0
"""For a plain line that states no known cause."""
PER_LOUDNESS = 0.35
"""For each point of how loudly such a line says that something failed."""
LOUD = 3.0
"""Points from which a line that states no known cause is looked at all the same."""
TOOL_CONTENT = 1.0
"""For each point of what a verdict says, against the loudness of a tool's line."""
TOOL_LINES = 60
"""Lines of a tool's log that are judged."""
EXCERPT = 40
"""Lines up to which a text without a record of Airflow is an excerpt, and not a tool's whole log."""
PER_WEIGHT = 0.45
"""For each point of a verdict's weight above 3."""
EXPLICIT_ROOT, IMPLICIT_ROOT, MEMBER = 1.2, 0.2, 0.4
"""For an exception that another was raised from; that was being handled; in a group."""
WRAPPED = 0.3
"""For the exception that says again, and more, what the one that it wraps says."""
EARLIER_ATTEMPT = -4.0
"""For what stands before the last start of the try: an earlier attempt, or an earlier poke."""
AFTER_FAILURE = -6.0
"""For how the process ended, once the task has stated why."""
RECENT = 0.8
"""For the last line of the log against the first: what comes later is nearer to the failure."""


class Candidate(msgspec.Struct, gc=False):
    """A line that may state the cause. `score` is in points, higher is likelier."""

    line: int
    quote: str
    message: str
    kind: Kind
    origin: Origin
    verdicts: tuple[Verdict, ...]
    score: float
    type: str = ""
    value: str = ""
    frames: tuple[Frame, ...] = ()
    block: int = -1
    depth: int = 0
    link: Link = "top"
    parse_time: bool = False

    @property
    def verdict(self) -> Verdict | None:
        """The heaviest verdict, None when the line states no known cause."""
        return self.verdicts[0] if self.verdicts else None


# A line may state a failure only if one of these stands in it. Numbers and "0 errors" do not.
_WORDS = re2.compile(
    r"(?i)error|exception|fail|fatal|denied|refused|not found|no such|unable|cannot|can't|could not"
    r"|couldn't|killed|timed? ?out|invalid|missing|abort|unknown|does not exist|doesn't exist"
    r"|no space|exceed|forbidden|unauthorized|not authorized|expired|unreachable|reset by peer"
    r"|sig(?:term|kill|segv|abrt|bus)|signal|core dumped|zombie|externally set|oom|out of memory"
    r"|return code|exit(?:ed)? (?:code|status|with)|not defined|isn't|undefined|unrecognized"
    r"|unexpected|conflict|deadlock|lock|rejected|violat|corrupt|truncated|too (?:many|large|long|big)"
    r"|throttl|rate|quota|limit|unavailable|bad |wrong|mismatch|incompatible|required|expected"
    r"|heartbeat|shouldn't be running|upstream|skipp|panic|fault|illegal|unsupported|not supported"
    r"|insufficient|incorrect|read-only|evicted|preempt|unresolved|no module|must be|lost|full|stopped"
)
_ERROR_HEAD = re2.compile(
    r"(?i)^\W{0,3}(?:\w+[ :]{1,2})?(?:error|fatal|exception|failed|failure|panic|critical|err!|severe)\b|\berror\b ?[:\]]"
)
_HARMLESS = re2.compile(
    r"(?i)\b(?:0|no|zero|without(?: any)?) (?:\w+ )?(?:errors?|failures?|failed|warnings?|exceptions?)\b"
    r"|(?:errors?|failed|failures?|skipped|warnings?)['\"]?\s*[=:]\s*(?:0|none|null|false|\[\]|\{\})\b"
    r"|\bretry(?:ing)?\b.{0,40}\b(?:in|after) \d|ignored?\b.{0,20}$"
)


def candidates(log: ParsedLog) -> list[Candidate]:
    """Every line that may state the cause of the failure, likeliest first.

    Empty for a log that states nothing: an empty one, or one that just ends.
    """
    if not log.airflow and len(log.lines) > EXCERPT:
        return _of_tool(log)
    found = [*_from_statements(log), *_from_signals(log), *_from_lines(log)]
    _weigh_places(found, log)
    _prefer_bodies(found)
    _prefer_output(found)
    _explain_endings(found, log)
    found.sort(key=lambda c: (-c.score, -c.line, c.depth))
    return found


def _of_tool(log: ParsedLog) -> list[Candidate]:
    """A whole log of some other tool: its loudest lines, those of distinct places first."""
    messages = [line.message for line in log.lines]
    stated = {statement.line: statement for statement in log.statements}
    found: dict[int, Candidate] = {}
    for index, points in rank_lines(messages)[:TOOL_LINES]:
        line = log.lines[index]
        statement = stated.get(line.number)
        message = statement.message if statement else line.message.strip()
        verdicts = judge(message[:4000], statement.type if statement else "", free=True)
        if verdicts:
            points += TOOL_CONTENT * (_content(verdicts, 0.0) + (1 if statement else 0))
        found[index] = Candidate(
            line=line.number,
            quote=line.text,
            message=message,
            kind="exception" if statement else "line",
            origin="log",
            verdicts=verdicts,
            score=points,
            type=statement.type if statement else "",
            value=statement.value if statement else "",
            frames=statement.frames if statement else (),
            block=statement.block if statement else -1,
        )
    loudest = sorted(found, key=lambda index: (-found[index].score, index))
    return [found[index] for index in spread(loudest)]


def _from_statements(log: ParsedLog) -> Iterator[Candidate]:
    texts = log.by_number()
    chains: dict[int, list[Candidate]] = {}
    for statement in log.statements:
        if not (statement.type or statement.value):
            continue
        verdicts = judge(statement.message, statement.type, free=True)
        score = PRIOR[statement.origin] + _content(verdicts, NO_CAUSE)
        score += _place(statement)
        line = _stating_line(statement, verdicts, texts)
        candidate = Candidate(
            line=line.number,
            quote=quote(line, statement),
            message=statement.message,
            kind="exception",
            origin=statement.origin,
            verdicts=verdicts,
            score=score,
            type=statement.type,
            value=statement.value,
            frames=statement.frames,
            block=statement.block,
            depth=statement.depth,
            link=statement.link,
            parse_time=statement.parse_time,
        )
        chains.setdefault(statement.block, []).append(candidate)
    for chain in chains.values():
        _settle_chain(chain)
        yield from chain


def _stating_line(
    statement: Statement, verdicts: tuple[Verdict, ...], texts: dict[int, LogLine]
) -> LogLine:
    """Of a message that stands in several lines, the one that states its cause: often the last
    ("Execution failed on sql '…': relation does not exist")."""
    first = texts[statement.line]
    rows = statement.value.split("\n")[:60]
    if len(rows) == 1 or not verdicts or first.text.startswith("{"):
        return first
    detail = verdicts[0].detail
    if any(v.detail == detail for v in judge(first.message, statement.type, free=True)):
        return first
    for offset, row in enumerate(rows[1:], 1):
        line = texts.get(statement.line + offset)
        if line is None or line.message.strip() != row.strip():
            break
        if any(v.detail == detail for v in judge(row.strip(), free=True)):
            return line
    return first


def _place(statement: Statement) -> float:
    if statement.link == "cause":
        return EXPLICIT_ROOT
    if statement.link == "context":
        return IMPLICIT_ROOT
    return MEMBER if statement.link == "member" else 0.0


def _settle_chain(chain: list[Candidate]) -> None:
    """Which member of a chain to quote.

    The root states the cause, but for two habits of Python code: a library wraps the error of its
    driver and says more ("Code: 210. Connection refused" from "[Errno 111] Connection refused"), and
    a lookup that failed is handled by raising what it means (`KeyError` within `UnknownType`).
    """
    for inner in chain:
        for outer in chain:
            if outer.depth >= inner.depth:
                continue
            if _says_again(outer, inner):
                if not outer.verdicts or _symptom(outer.verdicts):
                    outer.verdicts = inner.verdicts
                outer.score = max(outer.score, inner.score + WRAPPED)
            elif inner.link == "context" and _lookup(inner) and not _lookup(outer):
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


def _lookup(candidate: Candidate) -> bool:
    return candidate.type.rpartition(".")[2] in _LOOKUPS


def _from_signals(log: ParsedLog) -> Iterator[Candidate]:
    texts = log.by_number()
    for signal in log.signals:
        parts = [signal.event]
        if signal.exit_code:
            parts.append(f"exit_code={signal.exit_code}")
        if signal.signal:
            parts.append(f"signal={signal.signal}")
        if signal.current_state:
            parts.append(f"current_state={signal.current_state}")
        message = " ".join(parts)
        # sys.exit("text") is how a script states its cause: the text is the exit code
        words = "" if signal.exit_code.lstrip("-").isdigit() else signal.exit_code
        verdicts = (judge(words, free=True) if words else ()) or judge(message)
        if not verdicts and texts[signal.line].level in (None, "INFO"):
            continue
        yield Candidate(
            line=signal.line,
            quote=message,
            message=message,
            kind="supervisor",
            origin="task",
            verdicts=verdicts,
            score=SUPERVISOR + _content(verdicts, UNSTATED),
        )


def _output_points(log: ParsedLog) -> dict[int, float]:
    """Line number -> how loudly a line of the task's processes says that something failed, in its
    surroundings: the output of a process is ranked as any tool's log."""
    numbers = [line.number for line in log.lines if line.number in log.output]
    if not numbers:
        return {}
    texts = log.by_number()
    ranked = rank_lines([texts[number].message for number in numbers])
    return {numbers[index]: points for index, points in ranked}


def _from_lines(log: ParsedLog) -> Iterator[Candidate]:
    points = _output_points(log)
    stated = {statement.line for statement in log.statements} | {s.line for s in log.signals}
    seen: dict[str, bool] = {}
    header = ""
    for line in log.lines:
        if line.number in log.inside or line.number in stated or line.message.startswith(_ECHOES):
            continue
        message = line.message.strip()
        if header and line.message[:1] in (" ", "\t"):
            # dbt and others print the kind of error, and below it, indented, the error
            message, header = f"{header}\n{message}", ""
        else:
            header = message if _HEADER.match(message) else ""
            if header:
                continue
        key = message.translate(_DIGITS)[:200]
        useful = seen.get(key)
        if useful is None:
            told = _WORDS.search(message) or (not message.isascii() and spoken_of(message))
            useful = seen[key] = bool(told) and not _HARMLESS.search(message)
        if useful:
            candidate = _from_line(line, message, log, points.get(line.number))
            if candidate:
                yield candidate


_HEADER = re2.compile(
    r"^(?:\w+ ){0,3}(?:Error|ERROR|Exception|Failure|Problem)(?: in [\w. /()-]+)?:?$"
    r"|^(?:Encountered an error|An error occurred|The following errors? occurred):?$"
)
_ECHOES = (
    "Running command: ",
    "Running: [",
    "Spark-Submit cmd: ",
    "Exporting env vars: ",
    "Exporting the following env vars",
    "Executing <Task",
)
"""What repeats a command before it runs: its text may hold any word."""

_DIGITS = dict.fromkeys(map(ord, "0123456789"))


def _from_line(
    line: LogLine, message: str, log: ParsedLog, points: float | None
) -> Candidate | None:
    loud = bool(_ERROR_HEAD.search(message))
    words = loud or line.level == "ERROR" or (line.number in log.output and not message.isascii())
    verdicts = judge(message[:4000], free=words)
    if points is None:
        points = max(loudness(message), 0.0)
    if not verdicts and not loud and line.level != "ERROR" and points < LOUD:
        return None
    if line.number in log.background:
        prior = PRIOR["background"]
    elif line.number in log.output:
        prior = OUTPUT_ERROR if loud or line.level == "ERROR" else OUTPUT_INFO
    elif line.level == "ERROR":
        prior = LOG_ERROR
    elif line.level == "WARNING":
        prior = LOG_WARNING
    elif line.level is None:
        prior = BARE
    else:
        prior = LOG_INFO
    if verdicts and verdicts[0].supervised and line.number not in log.output:
        prior = max(prior, SUPERVISOR)
    return Candidate(
        line=line.number,
        quote=quote(line),
        message=message,
        kind="line",
        origin="output" if line.number in log.output else "log",
        verdicts=verdicts,
        score=prior + _content(verdicts, UNSTATED + PER_LOUDNESS * points),
    )


def _content(verdicts: tuple[Verdict, ...], nothing: float) -> float:
    if not verdicts:
        return nothing
    if _symptom(verdicts):
        return SYMPTOM + PER_WEIGHT * (verdicts[0].weight - 3)
    return PER_WEIGHT * (verdicts[0].weight - 3)


def _symptom(verdicts: tuple[Verdict, ...]) -> bool:
    return bool(verdicts) and verdicts[0].symptom


_TERSE = re2.compile(r"^(?:[\w.]+: )?4\d\d:[\w ]*$")


def _prefer_bodies(found: list[Candidate]) -> None:
    """Airflow's HTTP hook logs the body of a refusal as an error, then raises "401:Unauthorized":
    the body says which right or key was missing, so it is quoted."""
    for terse in [c for c in found if c.kind == "exception" and _TERSE.match(c.message)]:
        for body in found:
            near = terse.line - 4 < body.line < terse.line
            if near and body.kind == "line" and not body.message.startswith("HTTP error:"):
                body.score = max(body.score, terse.score + WRAPPED)
                body.verdicts = body.verdicts or terse.verdicts


def _prefer_output(found: list[Candidate]) -> None:
    """An operator repeats the exit code of its process ("… a non-zero exit code 127"); the output
    above that says the same in words ("dbt: command not found") states it."""
    for summary in found:
        if not any(verdict.symptom for verdict in summary.verdicts) or _symptom(summary.verdicts):
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
    why = _memory_line(log, ending) if killed else _last_words(found, ending)
    if why is None:
        return
    if why not in found:
        found.append(why)
    why.score = max(why.score, ending.score + WRAPPED)
    why.verdicts = why.verdicts or ending.verdicts


_KILLED = re2.compile(r"(?i)\bkilled\b|SIGKILL|(?:^|\W)(?:-9|137)\b")
LAST_WORDS = 40
"""Lines above the end of a process among which it says why it aborted."""


def _memory_line(log: ParsedLog, ending: Candidate) -> Candidate | None:
    """The last line before the end that reports memory at its limit, as a candidate."""
    for line in reversed(log.lines):
        told = line.number < ending.line and line.number not in log.background
        if told and _MEMORY.search(line.message[:1000]):
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
    for candidate in found:
        candidate.score += RECENT * (candidate.line - first) / span
        if candidate.line < log.started_at:
            candidate.score += EARLIER_ATTEMPT
        if candidate.kind == "supervisor" and candidate.line > stated:
            candidate.score += AFTER_FAILURE


def quote(line: LogLine, statement: Statement | None = None) -> str:
    """What to show of a line: itself, or, of a JSON line, the exception as Python prints it or the
    event."""
    if not line.text.startswith("{"):
        return line.text
    return statement.message if statement else line.message
