"""The diagnoser that needs no training: structure, causes and tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import msgspec
import re2

from dagnosis.logs.candidate import Candidate, quote
from dagnosis.logs.causes.verdict import Verdict, structural
from dagnosis.logs.diagnosers.calibration import calibrated
from dagnosis.logs.diagnosers.placement import place, user_frame
from dagnosis.logs.evidence import candidates
from dagnosis.logs.parsing import ParsedLog
from dagnosis.model import Engine, Evidence, ExceptionInfo, LogLine, RankedCause, Role

MAX_QUOTE = 2000
"""Characters of a line that are quoted."""
CERTAIN = 3.0
"""Points from which the best line is taken for a failure where Airflow's own records tell none."""
NEAR = 2.5
"""Points by which a line that states nothing known must be ahead to be quoted first."""
BAR = 0.35
"""Below this confidence the answer is `unknown`."""


Judged: TypeAlias = tuple[Candidate, "Verdict | None"]


class Finding(msgspec.Struct, frozen=True):
    """What a diagnoser found. `verdict` is None when it abstains but can still quote lines.

    `suspects` are the candidates of which the words may say more than the verdict does, likeliest
    first: empty where the rules are sure of what they read. `engine` is who gave the verdict.
    """

    verdict: Verdict | None
    confidence: float
    ranked: tuple[RankedCause, ...]
    evidence: tuple[Evidence, ...]
    exception: ExceptionInfo | None
    message: str
    gaps: tuple[str, ...] = ()
    suspects: tuple[Candidate, ...] = ()
    engine: Engine = "rules"


def diagnose(log: ParsedLog, evidence: int = 5) -> Finding | None:
    """Diagnose one log; None when it states no failure. `evidence` lines are quoted at most."""
    found = candidates(log)
    if not found or not _failed(log, found):
        return _just_ends(log) if log.just_ends else None
    judged = [(candidate, place(candidate)) for candidate in found[:40]]
    judged = _known_first(judged)
    ranked = _rank(judged)
    top, verdict = judged[0]
    confidence = ranked[0].confidence if ranked else 0.0
    gaps: tuple[str, ...] = ()
    if verdict is None or confidence < BAR:
        gaps = _gaps(log)
        verdict, confidence = None, 0.0
    return Finding(
        verdict=verdict,
        confidence=confidence,
        ranked=tuple(ranked[:5]),
        evidence=_evidence([candidate for candidate, _ in judged], log, evidence),
        exception=_exception(top),
        message=top.message,
        gaps=gaps,
        suspects=_suspects(judged),
    )


def _suspects(judged: list[Judged]) -> tuple[Candidate, ...]:
    """The first line where nothing is known of its cause, and those near it in points likewise; how
    the supervisor says it ended is no words to be read."""
    top, verdict = judged[0]
    if verdict and not (verdict.vague or verdict.symptom):
        return ()
    near = [c for c, known in judged[1:] if known is None and c.score >= top.score - NEAR]
    return tuple(
        c for c in (top, *near[:3]) if c.kind != "supervisor" and c.message not in _HEADINGS
    )


_HEADINGS = frozenset({"Task failed with exception", "Task failed."})
"""What Airflow writes above any failure."""


def _just_ends(log: ParsedLog) -> Finding:
    verdict = structural("worker_lost.log_just_ends")
    last = log.lines[-1]
    return Finding(
        verdict=verdict,
        confidence=0.5,
        ranked=(RankedCause(verdict.family, verdict.detail, 0.5),),
        evidence=(Evidence(last.number, quote(last)[:MAX_QUOTE], "context", 0.5),),
        exception=None,
        message=verdict.title,
        gaps=(
            "The event log of the run says why (heartbeat timeout, state mismatch), the log does not.",
            "If the try still runs, it has gone silent.",
        ),
    )


def _known_first(judged: list[Judged]) -> list[Judged]:
    """A line that states nothing known, or only that something failed, gives way to one near it in
    points that states a cause; an unknown one may speak for how the supervisor says it ended."""
    top, verdict = judged[0]
    if verdict is not None and not verdict.symptom:
        return judged
    for index, (candidate, known) in enumerate(judged):
        aside = candidate.origin in ("background", "callback")
        if known and not (known.symptom or aside) and candidate.score >= top.score - NEAR:
            if candidate.kind == "supervisor" and verdict is None:
                return [(top, known), *judged[1:]]
            return [judged[index], *judged[:index], *judged[index + 1 :]]
    return judged


def _failed(log: ParsedLog, found: Sequence[Candidate]) -> bool:
    """Does the log tell of a failure of the task, rather than of words like "error" in a success?"""
    if any(c.origin in ("task", "import") and c.kind != "line" for c in found):
        return True
    if log.succeeded:
        return False
    return found[0].score >= CERTAIN or any(
        c.kind == "line" and c.origin != "output" and c.verdict is not None and c.verdict.supervised
        for c in found
    )


def _rank(judged: Sequence[Judged]) -> list[RankedCause]:
    """Softmax of the best score of each cause, tempered by how specific the verdict is."""
    best: dict[str, tuple[float, Verdict]] = {}
    for candidate, verdict in judged:
        if verdict and verdict.detail not in best:
            best[verdict.detail] = (candidate.score - NEAR * verdict.symptom, verdict)
        for other in candidate.verdicts[1:4]:
            # of the same family they only say it again, less exactly
            if verdict and other.family == verdict.family:
                continue
            if not other.symptom and other.detail not in best:
                best[other.detail] = (candidate.score - 1.5, other)
    if not best:
        return []
    top = max(score for score, _ in best.values())
    total = sum(math.exp(score - top) for score, _ in best.values())
    ranked = []
    for detail, (score, verdict) in sorted(best.items(), key=lambda item: -item[1][0]):
        share = math.exp(score - top) / total
        sure = verdict.certainty / (1 + math.exp(-0.55 * (verdict.weight - 0.5)))
        if verdict.symptom:
            sure *= 0.5
        points = share**0.35 * sure
        ranked.append(RankedCause(verdict.family, detail, round(calibrated(points), 3)))
    return _with_rival(ranked, best)


def _with_rival(
    ranked: list[RankedCause], best: dict[str, tuple[float, Verdict]]
) -> list[RankedCause]:
    """The second hypothesis of a message that does not settle it, with what the first leaves."""
    top = best[ranked[0].detail][1]
    if not top.rival or top.rival in best:
        return ranked
    family = top.rival.partition(".")[0]
    left = round((1 - top.certainty) * ranked[0].confidence / top.certainty, 3)
    return [ranked[0], RankedCause(family, top.rival, left), *ranked[1:]]


def _evidence(found: Sequence[Candidate], log: ParsedLog, limit: int) -> tuple[Evidence, ...]:
    top = found[0]
    quoted: list[Evidence] = []
    taken: set[int] = set()
    texts: set[str] = set()
    for candidate in found:
        bare = candidate.message[:160]
        if (candidate.line in taken and candidate.line != top.line) or bare in texts:
            continue
        taken.add(candidate.line)
        texts.add(bare)
        role = _role(candidate, top)
        quoted.append(_quoted(candidate.line, candidate.quote, role, candidate.score))
        detail = _detail(candidate, log) if candidate is top else None
        if detail and limit > 1:
            quoted.append(_quoted(detail.number, detail.text, "context", candidate.score))
            taken.add(detail.number)
        if len(quoted) >= limit:
            break
    return tuple(quoted)


def _quoted(line: int, text: str, role: Role, score: float) -> Evidence:
    share = 1 / (1 + math.exp(-(score - 6) / 2))
    return Evidence(line, text[:MAX_QUOTE], role, round(share, 3))


_DETAIL = re2.compile(r"^(?:DETAIL|HINT|LINE \d+|CONTEXT|Details?|Reason|Message)\b")


def _detail(top: Candidate, log: ParsedLog) -> LogLine | None:
    """The next line of the message, where it says which row, key or place it was."""
    line = log.by_number().get(top.line + 1) if "\n" in top.value else None
    return line if line and _DETAIL.match(line.message.strip()) else None


def _role(candidate: Candidate, top: Candidate) -> Role:
    if candidate is top:
        return "cause"
    if candidate.block == top.block and candidate.block >= 0 and candidate.depth < top.depth:
        return "symptom"
    if candidate.verdict and candidate.verdict.symptom:
        return "symptom"
    return "context"


def _exception(top: Candidate) -> ExceptionInfo | None:
    if not top.type:
        return None
    frame = user_frame(top.frames) or (top.frames[-1] if top.frames else None)
    return ExceptionInfo(top.type, top.value[:MAX_QUOTE], frame)


def _gaps(log: ParsedLog) -> tuple[str, ...]:
    gaps = ["The log states no cause that is known here; the lines quoted are the likeliest."]
    if not log.statements:
        gaps.append(
            "No exception was logged: the scheduler's log or the event log of the run may hold the reason."
        )
    return tuple(gaps)
