"""Who answers: the cheapest diagnoser that is sure. Rules and tables first, then the trained model.

The model is loaded only for a failure whose words the rules do not know.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from dagnosis.errors import RefusedModel, RefusedModelWarning
from dagnosis.logs.diagnosers import rules
from dagnosis.logs.diagnosers.rules import Finding
from dagnosis.logs.parsing import ParsedLog

if TYPE_CHECKING:
    from dagnosis.logs.learned.causes import CauseModel

    Loader: TypeAlias = Callable[[], CauseModel | None]


def diagnose(log: ParsedLog, evidence: int = 5, *, model: Loader | None = None) -> Finding | None:
    """Diagnose one log; None when it states no failure. `evidence` lines are quoted at most.

    `model` gives the trained model when it is needed; by default the one in use.
    """
    finding = rules.diagnose(log, evidence)
    if finding is None or not finding.suspects:
        return finding
    return _second_opinion(finding, model or _in_use) or finding


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
