"""What the pages read and write, gathered: each part is a contract, so that tests can give others."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from dagnosis.incidents.contract import Count, IncidentStore
from dagnosis.pages.recent import Recent

if TYPE_CHECKING:
    from dagnosis.data.store import Stored, Summary
    from dagnosis.incidents.store import Feedback, Remembered


class Diagnoses(Protocol):
    """Diagnoses that are remembered, and what users said of them (`incidents.store.Store`)."""

    def remembered(self, diagnosis_id: str) -> Remembered | None:
        """One diagnosis; None where it was not kept, or forgotten."""

    def feedback(self, fingerprint: str = "") -> list[Feedback]:
        """What users said, the newest first."""

    def label(
        self, diagnosis_id: str, verdict: Literal["confirm", "correct"], detail: str, *,
        who: str, note: str = "", given: datetime | None = None,
    ) -> None:  # fmt: skip
        """Keep what a user says."""


class Profiles(Protocol):
    """Profiles of datasets (`data.store.ProfileStore`)."""

    def datasets(self) -> list[Summary]:
        """Every dataset with its newest partition."""

    def history(
        self, dataset: str, before: str | None = None, most: int | None = None
    ) -> list[Stored]:
        """Stored profiles in order of partitions."""


class Stores(msgspec.Struct, frozen=True, kw_only=True):
    """All that pages read. `models` is the user's folder of models, `files` what is on disk here, by
    what it is (its size is told on the page Health), `recent`
    what was asked a moment ago."""

    incidents: IncidentStore
    diagnoses: Diagnoses
    profiles: Profiles
    models: Path
    files: dict[str, Path] = {}
    recent: Recent = msgspec.field(default_factory=Recent)

    def counts(
        self, since: datetime, until: datetime, readable: frozenset[str] | None
    ) -> list[Count]:
        """Failures a day by family, as they were some seconds ago at the most."""
        found: list[Count] = self.recent.get(
            (since, until, readable),
            lambda: self.incidents.counts(since, until, 86_400, readable),
        )
        return found
