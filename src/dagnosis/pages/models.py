"""Models: which are in use, how good they are, what they were made from, what users say of answers."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import ClassVar

import msgspec

from dagnosis.models import store as models
from dagnosis.models.store import Version
from dagnosis.pages.stores import Stores

MEANINGS = {
    "causes": "names the cause of a failure from its words, where no rule does",
    "lines": "tells INFO, WARNING and ERROR of lines that state no level",
    "forecast": "the risk that a run fails, trained on your history",
    "forecast_prior": "the risk that a run fails, until your own history is long enough",
}
WORDS = {
    "accuracy": "right answers",
    "expected_calibration_error": "calibration error (0 is best)",
    "pr_auc": "PR-AUC",
    "last_ten": "PR-AUC of “the last ten outcomes”",
    "messages": "messages judged on",
    "accuracy_at_80_percent": "right, of the surest 80 %",
    "ece": "calibration error (0 is best)",
    "macro_f1": "macro-F1",
    "macro_f1_keywords": "macro-F1 of keywords alone",
    "systems": "systems judged on",
}


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One model: the version in use, and every other that is kept, the newest first."""

    name: str
    meaning: str
    current: Version | None
    versions: tuple[Version, ...]
    can_roll_back: bool


class Agreement(msgspec.Struct, frozen=True):
    """How often users confirmed what dagnosis had answered, of one family."""

    cause: str
    confirmed: int
    corrected: int


class Models(msgspec.Struct, frozen=True, kw_only=True):
    """The page."""

    now: datetime
    models: tuple[Model, ...]
    agreement: tuple[Agreement, ...]
    confirmed: int
    corrected: int
    words: ClassVar[dict[str, str]] = WORDS


def page(
    stores: Stores, *, readable: frozenset[str] | None = None, now: datetime | None = None
) -> Models:
    """Models are no DAG's; of the feedback only that on DAGs which may be read is counted."""
    said = [
        one for one in stores.diagnoses.feedback() if readable is None or one.dag_id in readable
    ]
    by_family: dict[str, list[bool]] = {}
    for one in said:
        by_family.setdefault(one.answered.partition(".")[0], []).append(one.verdict == "confirm")
    rows = [Agreement(cause, sum(own), len(own) - sum(own)) for cause, own in by_family.items()]
    confirmed = sum(one.verdict == "confirm" for one in said)
    return Models(
        now=now or datetime.now(timezone.utc),
        models=tuple(_model(stores, name) for name in models.names(stores.models)),
        agreement=tuple(sorted(rows, key=lambda row: -(row.confirmed + row.corrected))),
        confirmed=confirmed,
        corrected=len(said) - confirmed,
    )


def _model(stores: Stores, name: str) -> Model:
    found = models.versions(name, stores.models)
    return Model(
        name=name,
        meaning=MEANINGS.get(name, ""),
        current=next((one for one in found if one.current), None),
        versions=tuple(reversed(found)),
        can_roll_back=any(one.origin == "promoted" for one in found),
    )
