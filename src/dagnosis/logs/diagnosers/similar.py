"""The diagnoser that remembers: what users said of the same failure, or of one that is alike.

A label under the same fingerprint answers at once. Else the nearest earlier failures are looked up by
the vectors of their messages; only those that users labelled vote, and only where they are near and
ahead of what speaks for another family. What was diagnosed and never confirmed is listed, no more:
else a mistake would be its own proof.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Protocol

import msgspec

from dagnosis.logs.causes.catalogue import catalogue
from dagnosis.logs.causes.verdict import Verdict, structural
from dagnosis.logs.diagnosers.rules import Finding
from dagnosis.logs.diagnosers.vectors import vector
from dagnosis.logs.labels import agreed
from dagnosis.logs.parsing import ParsedLog
from dagnosis.model import FAMILY_MEANINGS, RankedCause, RetryAdvice, Transience

CONFIRMED = 0.97
"""Confidence in a label under the same fingerprint; times the share of users who agree."""
CLOSE, LEAD = 0.6, 0.3
"""From this closeness, and this far ahead of the nearest of another family, a neighbour votes."""
NEIGHBOUR = 0.79
"""Confidence in a neighbour's vote: how often it is right on the shipped excerpts of the causes, no two
of which say the same; on the lab's logs it is right more often (`python -m evals.similar`)."""
LISTED, MOST = 0.5, 5
"""Earlier failures that are listed: from this closeness, so many at most."""


OTHER = "other"
"""The cause of a label that names a family and no more."""


class Earlier(msgspec.Struct, frozen=True):
    """A failure that was diagnosed before.

    `detail`, `title` and `transience` are what was answered then; `labels` are the `family.cause`
    that users gave it, one a user; `closeness` is in [-1, 1], 1 under the same fingerprint.
    """

    id: str
    fingerprint: str
    detail: str
    title: str = ""
    transience: Transience = "unknown"
    labels: tuple[str, ...] = ()
    closeness: float = 1.0


class Memory(Protocol):
    """Where earlier failures are looked up. A memory that fails raises `DagnosisError`."""

    def lookup(self, fingerprint: str) -> Sequence[Earlier]:
        """Those of this fingerprint, the newest first."""

    def nearest(self, vector: array[float], k: int) -> Sequence[Earlier]:
        """The `k` nearest fingerprints, the closest first, each once with all its labels."""


class Recalled(msgspec.Struct, frozen=True):
    """What the memory says. `exact` when users labelled this very fingerprint; `ids` are earlier
    diagnoses of the same or a like failure, also where `finding` is None."""

    finding: Finding | None = None
    exact: bool = False
    ids: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


def recall(log: ParsedLog, finding: Finding | None, fingerprint: str, memory: Memory) -> Recalled:
    """Ask the memory about a log whose failure was found by the rules; `finding` may name no cause.

    The answer keeps the finding's evidence and exception. No failure, no words or nothing known:
    an empty answer. Raises what the memory raises.
    """
    if finding is None or not fingerprint:
        return Recalled()
    same = memory.lookup(fingerprint)
    labels = [label for earlier in same for label in earlier.labels]
    detail = agreed(labels)
    if detail:
        share = labels.count(detail) / len(labels)
        answer = _answer(finding, detail, same, CONFIRMED * max(share, 0.5))
        return Recalled(answer, True, _ids(same), _contradiction(labels, detail))
    near = memory.nearest(vector(finding.message), MOST * 4)
    near = [earlier for earlier in near if earlier.fingerprint != fingerprint]
    ids = _ids([*same, *(earlier for earlier in near if earlier.closeness >= LISTED)])
    if labels:
        return Recalled(None, False, ids, _contradiction(labels, ""))
    return Recalled(_vote(finding, near), False, ids)


def _vote(finding: Finding, near: Sequence[Earlier]) -> Finding | None:
    voting = [(earlier, agreed(earlier.labels)) for earlier in near if agreed(earlier.labels)]
    if not voting or voting[0][0].closeness < CLOSE:
        return None
    best, detail = voting[0]
    family = detail.partition(".")[0]
    against = [earlier for earlier, said in voting if said.partition(".")[0] != family]
    if against and best.closeness - against[0].closeness < LEAD:
        return None
    why = (
        f"A failure with a like message (closeness {best.closeness:.2f}) was labelled {detail}.",
    )
    answer = _answer(finding, detail, [best], NEIGHBOUR)
    return msgspec.structs.replace(answer, gaps=why)


def _answer(
    finding: Finding, detail: str, earlier: Sequence[Earlier], confidence: float
) -> Finding:
    """The finding with another cause; what the rules had ranked stays behind it."""
    family = detail.partition(".")[0]
    confidence = round(confidence, 3)
    others = [
        RankedCause(r.cause, r.detail, round(r.confidence * (1 - confidence), 3))
        for r in finding.ranked
        if r.detail != detail
    ]
    return msgspec.structs.replace(
        finding,
        verdict=_verdict(finding, detail, earlier),
        confidence=confidence,
        ranked=(RankedCause(family, detail, confidence), *others)[:5],
        gaps=(),
        engine="similar",
    )


def _verdict(finding: Finding, detail: str, earlier: Sequence[Earlier]) -> Verdict:
    """What is known of a cause: by the rules now, by the catalogue, by the answer of then, or only
    the name that a user gave it; of that, the advice of the rules stays where they see its family."""
    ruled = finding.verdict
    if ruled and ruled.detail == detail:
        return ruled
    if detail in catalogue().causes:
        return structural(detail)
    family, _, name = detail.partition(".")
    for one in earlier:
        if one.detail == detail and one.title:
            return _labelled(detail, family, one.title, one.transience)
    title = FAMILY_MEANINGS[family].rstrip(".")
    if name != OTHER:
        title = f"{name.replace('_', ' ').capitalize()}: {title[0].lower()}{title[1:]}"
    if ruled and ruled.family == family:
        return msgspec.structs.replace(ruled, detail=detail, title=title)
    return _labelled(detail, family, title, "unknown")


def _labelled(detail: str, family: str, title: str, transience: Transience) -> Verdict:
    reason = "Labelled by users here."
    advice = {
        "transient": RetryAdvice("retry", 60, reason),
        "permanent": RetryAdvice("fail", None, reason),
        "unknown": RetryAdvice("default", None, reason),
    }
    return Verdict(detail, family, title, 9, transience, advice[transience])


def _contradiction(labels: Sequence[str], taken: str) -> tuple[str, ...]:
    counts = {label: labels.count(label) for label in dict.fromkeys(labels)}
    if len(counts) < 2:
        return ()
    said = ", ".join(f"{label} ({count})" for label, count in counts.items())
    if taken:
        return (f"Users do not all agree on this failure: {said}.",)
    return (f"Users contradict each other on this failure, so none of them counts: {said}.",)


def _ids(earlier: Sequence[Earlier]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.id for one in earlier))[:MOST]
