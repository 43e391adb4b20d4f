"""What a user says a failure was: the unit from which models learn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """One failure with its true cause.

    `detail` is `family.cause` as the user says, `answered` as dagnosis had said; `message` is the
    failing message and `lines` the log reduced to what matters, both redacted; `occurred` is when the
    try failed, with a time zone; `weight` in (0, 1] is what the label counts in training.
    """

    id: str
    fingerprint: str
    dag_id: str
    detail: str
    answered: str
    message: str
    lines: str
    occurred: datetime
    weight: float = 1.0

    @property
    def family(self) -> str:
        """The family of the true cause."""
        return self.detail.partition(".")[0]


MAJORITY = 2 / 3
"""Share of the labels of one failure from which they count although others contradict."""


def agreed(details: Sequence[str]) -> str:
    """The `family.cause` that the labels of one failure agree on; empty where they do not.

    Labels that agree on the family alone give the first of them that names it.

    >>> agreed(["network.refused", "network.refused", "timeout.read"])
    'network.refused'
    >>> agreed(["network.refused", "timeout.read"])
    ''
    """
    families = [detail.partition(".")[0] for detail in details]
    for named in (list(details), families):
        for detail, name in zip(details, named, strict=True):
            if named.count(name) >= MAJORITY * len(named):
                return detail
    return ""
