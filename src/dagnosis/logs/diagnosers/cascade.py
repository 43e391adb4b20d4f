"""Who answers: the cheapest diagnoser that is sure.

What a user said of this very failure goes before everything. Then rules and tables; where they know
nothing of it, what users said of a failure that is alike; and where they know no more than how or
where it was raised, the trained model, loaded for such failures only. Last, and only where one is
configured, a language model.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from dagnosis.errors import DagnosisError, RefusedModel, RefusedModelWarning
from dagnosis.logs.diagnosers import rules
from dagnosis.logs.diagnosers.naming import name_of
from dagnosis.logs.diagnosers.rules import Finding
from dagnosis.logs.diagnosers.similar import Memory, Recalled, recall
from dagnosis.logs.diagnosers.swayed import unswayed
from dagnosis.logs.parsing import ParsedLog

if TYPE_CHECKING:
    from dagnosis.logs.learned.causes import CauseModel
    from dagnosis.logs.llm.consult import Consultant

    Loader: TypeAlias = Callable[[], CauseModel | None]


class Answered(msgspec.Struct, frozen=True):
    """A finding (None for a log without a failure), its fingerprint, the ids of earlier failures of
    the same or a like kind, and what the diagnosers could not settle."""

    finding: Finding | None
    fingerprint: str = ""
    similar: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


def diagnose(
    log: ParsedLog,
    evidence: int = 5,
    *,
    model: Loader | None = None,
    memory: Memory | None = None,
    consultant: Consultant | None = None,
) -> Answered:
    """Diagnose one log; `evidence` lines are quoted at most.

    `model` gives the trained model when it is needed (by default the one in use); `memory` is where
    labels of users and earlier diagnoses are looked up, and one that cannot be read costs its
    knowledge, not the answer; `consultant` asks a language model after all of them.
    """
    finding = rules.diagnose(log, evidence)
    if finding is None:
        return Answered(None)
    name = name_of(log, finding)
    recalled = _recall(log, finding, name, memory)
    heard = recalled.exact or finding.verdict is None
    if recalled.finding and heard:
        finding = recalled.finding
    elif finding.suspects:
        finding = _second_opinion(finding, model or _in_use) or finding
    if not recalled.exact:
        finding = unswayed(finding)
    if consultant is not None and not recalled.exact:
        finding = _consulted(log, finding, name, consultant)
    return Answered(finding, name, recalled.ids, recalled.gaps)


def _consulted(log: ParsedLog, finding: Finding, name: str, consultant: Consultant) -> Finding:
    consultation = consultant.ask(log, finding, name)
    answer = consultation.finding or finding
    return msgspec.structs.replace(answer, engine="llm") if consultation.won else answer


def _recall(log: ParsedLog, finding: Finding, name: str, memory: Memory | None) -> Recalled:
    if memory is None:
        return Recalled()
    try:
        return recall(log, finding, name, memory)
    except DagnosisError as error:
        return Recalled(gaps=(f"Earlier answers were not looked up: {error}.",))


def _second_opinion(finding: Finding, load: Loader) -> Finding | None:
    from dagnosis.logs.diagnosers.learned import second_opinion

    model = load()
    return second_opinion(finding, model) if model else None


def _in_use() -> CauseModel | None:
    from dagnosis.logs.learned.causes import cause_model

    try:
        return cause_model()
    except (RefusedModel, OSError, ValueError, KeyError) as error:
        warnings.warn(f"{error}; the rules answer alone", RefusedModelWarning, stacklevel=2)
        return None
