"""What a notifier is given, and what it must do."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol, TypeAlias

import msgspec

from dagnosis.errors import ServiceUnreachable
from dagnosis.incidents.contract import Incident

Reason: TypeAlias = Literal["new", "regressed", "escalated", "resolved", "overflow", "test"]


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell, once: `key` is the same each time that it is tried.

    `why` says more of the transition ("over 12 DAGs"). An overflow, which says that no more is told
    within the hour, has no incident. The addresses are empty where the settings name none.
    """

    key: str
    reason: Reason
    when: datetime
    why: str = ""
    incident: Incident | None = None
    incident_url: str = ""
    try_url: str = ""


class Undelivered(ServiceUnreachable):
    """A notice could not be delivered. `again` says whether to try again; `after` is the number of
    seconds that the other side asked for, None where it named none."""

    def __init__(self, message: str, *, again: bool = True, after: float | None = None) -> None:
        super().__init__(message)
        self.again = again
        self.after = after


class Notifier(Protocol):
    """Somebody to tell. `name` is its setting's name, and that of its messages in the outbox."""

    name: str

    def notify(self, notice: Notice) -> None:
        """Deliver a notice, in seconds rather than minutes; a notice may come a second time.

        Everything that is sent is redacted and cannot be mistaken for markup, mentions or headers.
        Raises `Undelivered`.
        """
