"""Which line states the cause, which lines are symptoms, which are noise.

Structure first: what the task itself raised outweighs what its processes printed, and that
outweighs records that somebody logged and went on from; parse-time records of other tasks, failing
callbacks, listeners and clean-up weigh almost nothing. Then content: a line that states a known
cause outweighs one that only says that something failed ("exit code 1").

The score is additive, in points; `PRIOR`, the constants below and those of `weighing` are the whole
of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import re2

from dagnosis.logs.candidate import Candidate, quote
from dagnosis.logs.causes.verdict import Verdict, judge
from dagnosis.logs.loudness import ECHOES, LOUD, loudness, rank_lines, shape, spread
from dagnosis.logs.parsing import ParsedLog
from dagnosis.logs.statements import Origin, Statement
from dagnosis.logs.weighing import settle_chain, weigh
from dagnosis.model import LogLine

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

SYMPTOM = -7.0
"""For a line that only reports a consequence, such as an exit code."""
NO_CAUSE = -1.5
"""For an exception of a type that nothing is known about."""
UNSTATED = -3.0
"""For a plain line that states no known cause."""
PER_LOUDNESS = 0.35
"""For each point of how loudly such a line says that something failed."""
SURE = 4.0
"""Weight of a verdict from which words such as "0 errors" in the same line do not matter."""
ALIKE = 50
"""Lines of one shape that are judged, and lines at the end of the log that are judged whatever their
shape: of ten thousand alike, the others say nothing new."""
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


_ERROR_HEAD = re2.compile(
    r"(?i)^\W{0,3}(?:\w+[ :]{1,2})?(?:error|fatal|exception|failed|failure|panic|critical|err!|severe)\b|\berror\b ?[:\]]"
)
_HARMLESS = re2.compile(
    r"(?i)\b(?:0|no|zero|without(?: any)?) (?:\w+ )?(?:errors?|failures?|failed|warnings?|exceptions?)\b"
    r"|(?:errors?|failed|failures?|skipped|warnings?)['\"]?\s*[=:]\s*(?:0|none|null|false|\[\]|\{\})\b"
    r"|\b(?:errors?|failed|failures?|denied|refused|rejected|warnings?) (?:0|none)\b"
    r"|\b(?:errors?|failures?)\b.{0,40}: (?:no (?:entries|lines|rows|records)|nothing|empty)$"
    r"|\bretry(?:ing)?\b.{0,40}\b(?:in|after) \d|ignored?\b.{0,20}$"
)
_PROVIDED_FOR = re2.compile(
    r"(?i)\b(?:skipped|ignored|tolerated|allowed|handled)\b.{0,20}\b(?:as (?:configured|expected)|on purpose)\b"
)
"""The program met it, was made for it and went on: harmless whatever else the line says."""


def candidates(log: ParsedLog) -> list[Candidate]:
    """Every line that may state the cause of the failure, likeliest first.

    Empty for a log that states nothing: an empty one, or one that just ends.
    """
    if not log.airflow and len(log.lines) > EXCERPT:
        return _of_tool(log)
    found = [*_from_statements(log), *_from_signals(log), *_from_lines(log)]
    weigh(found, log)
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
        settle_chain(chain)
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
        elif signal.reason:
            parts.append(f"reason={signal.reason}")
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
    last = log.lines[-1].number if log.lines else 0
    stated = {statement.line for statement in log.statements} | {s.line for s in log.signals}
    nothing: set[bytes] = set()
    shapes: dict[bytes, int] = {}
    header = ""
    for line in log.lines:
        if line.number in log.inside or line.number in stated or line.message.startswith(ECHOES):
            continue
        message = line.message.strip()
        if header and line.message[:1] in (" ", "\t"):
            # dbt and others print the kind of error, and below it, indented, the error
            message, header = f"{header}\n{message}", ""
        else:
            header = message if message.endswith(_HEADER_ENDS) and _HEADER.match(message) else ""
            if header:
                continue
        key = shape(message)
        if key in nothing:
            continue
        shapes[key] = shapes.get(key, 0) + 1
        if shapes[key] > ALIKE and line.number < last - ALIKE:
            continue
        candidate = _from_line(line, message, log, points.get(line.number))
        if candidate:
            yield candidate
        else:
            nothing.add(key)


_HEADER = re2.compile(
    r"^(?:\w+ ){0,3}(?:Error|ERROR|Exception|Failure|Problem)(?: in [\w. /()-]+)?:?$"
    r"|^(?:Encountered an error|An error occurred|The following errors? occurred):?$"
)
_HEADER_ENDS = (":", ")", "Error", "ERROR", "Exception", "Failure", "Problem", "error", "occurred")


def _from_line(
    line: LogLine, message: str, log: ParsedLog, points: float | None
) -> Candidate | None:
    output = line.number in log.output
    loud = bool(_ERROR_HEAD.search(message))
    # people's own words count where a failure is told: errors, excerpts, foreign output
    told = loud or line.level == "ERROR" or not log.airflow or (output and not message.isascii())
    verdicts = judge(message[:4000], free=told)
    if points is None:
        points = max(loudness(message), 0.0)
    if not verdicts and not loud and line.level != "ERROR" and points < LOUD:
        return None
    if not (verdicts and verdicts[0].weight >= SURE) and _HARMLESS.search(message):
        return None
    if line.level != "ERROR" and _PROVIDED_FOR.search(message):
        return None
    origin: Origin = "output" if output else "log"
    if line.number in log.background:
        prior, origin = PRIOR["background"], "background"
    elif output:
        prior = OUTPUT_ERROR if loud or line.level == "ERROR" else OUTPUT_INFO
    elif line.level == "ERROR":
        prior = LOG_ERROR
    elif line.level == "WARNING":
        prior = LOG_WARNING
    elif line.level is None:
        prior = BARE
    else:
        prior = LOG_INFO
    if verdicts and verdicts[0].supervised and not output:
        prior = max(prior, SUPERVISOR)
    return Candidate(
        line=line.number,
        quote=quote(line),
        message=message,
        kind="line",
        origin=origin,
        verdicts=verdicts,
        score=prior + _content(verdicts, UNSTATED + PER_LOUDNESS * points),
    )


def _content(verdicts: tuple[Verdict, ...], nothing: float) -> float:
    if not verdicts:
        return nothing
    if verdicts[0].symptom:
        return SYMPTOM + PER_WEIGHT * (verdicts[0].weight - 3)
    return PER_WEIGHT * (verdicts[0].weight - 3)
