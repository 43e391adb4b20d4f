"""The trained model's word, where the rules know only where something was raised, or nothing."""

from __future__ import annotations

import msgspec

from dagnosis.logs.candidate import Candidate
from dagnosis.logs.causes.verdict import DELAY_SECONDS, Verdict, by_its_words
from dagnosis.logs.diagnosers.rules import Finding
from dagnosis.logs.learned.causes import CauseModel, Opinion
from dagnosis.model import Evidence, RankedCause, RetryAdvice

BAR = 0.5
"""Calibrated probability from which the model answers where the rules are silent."""
OVER = 0.7
"""And from which it goes before a verdict that says only how or where it was raised."""
CEILING = 0.95
"""A model that reads words alone is never surer than this."""
_FIX = (
    "Read the quoted line: no rule knows it, a model judged its words.",
    "If the answer is wrong, say so: dagnosis feedback correct LOG --cause FAMILY.NAME; the next like it is then known.",
)


def second_opinion(finding: Finding, model: CauseModel) -> Finding | None:
    """The finding with the model's verdict in place of a vague one or none; None where the model is
    not sure enough, or where the rules left nothing open.

    A retry is advised only for what passes by itself; the model alone never ends a task's retries.
    """
    bar = OVER if finding.verdict else BAR
    for suspect in finding.suspects:
        opinion = model.judge(suspect.message, suspect.type)
        if opinion and opinion.confidence >= bar:
            if finding.verdict and opinion.family == finding.verdict.family:
                return None
            return _answer(finding, suspect, opinion)
    return None


def _answer(finding: Finding, suspect: Candidate, opinion: Opinion) -> Finding:
    confidence = round(min(opinion.confidence, CEILING), 3)
    ranked = [
        RankedCause(family, f"{family}.by_its_words", round(min(share, CEILING), 3))
        for family, share in opinion.families[:5]
        if share >= 0.02
    ]
    if finding.verdict:
        left = round(1 - confidence, 3)
        rules = RankedCause(finding.verdict.family, finding.verdict.detail, left)
        ranked = [ranked[0], rules, *(r for r in ranked[1:] if r.cause != rules.cause)][:5]
    return msgspec.structs.replace(
        finding,
        verdict=_verdict(opinion),
        confidence=confidence,
        ranked=tuple(ranked),
        evidence=_quoted_first(finding.evidence, suspect.line),
        gaps=("A trained model judged the words of the quoted line; no rule knows them.",),
        engine="model",
    )


def _verdict(opinion: Opinion) -> Verdict:
    family, transience = opinion.family, opinion.transience
    reason = "Judged by a model from the words of the message alone."
    passes = transience == "transient"
    advice = (
        RetryAdvice("retry", DELAY_SECONDS, reason)
        if passes
        else RetryAdvice("default", None, reason)
    )
    return Verdict(
        detail=f"{family}.by_its_words",
        family=family,
        title=by_its_words(family),
        weight=1.0,
        transience=transience,
        retry=advice,
        fix=_FIX,
    )


def _quoted_first(evidence: tuple[Evidence, ...], line: int) -> tuple[Evidence, ...]:
    """The line that was judged first, as the cause; the others stay in their order."""
    first = next((quoted for quoted in evidence if quoted.line == line), None)
    if first is None or evidence[0].line == line:
        return evidence
    others = (
        msgspec.structs.replace(q, role="context" if q.role == "cause" else q.role)
        for q in evidence
        if q is not first
    )
    return (msgspec.structs.replace(first, role="cause"), *others)
