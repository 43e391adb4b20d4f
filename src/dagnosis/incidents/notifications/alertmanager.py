"""Prometheus Alertmanager, by its API v2: an incident is an alert that fires until it is resolved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from dagnosis.incidents.notifications.contract import Notice
from dagnosis.incidents.notifications.guard import Resolver, resolve
from dagnosis.incidents.notifications.message import of_notice, safe
from dagnosis.incidents.notifications.posting import post
from dagnosis.incidents.notifications.webhook import secret_of

if TYPE_CHECKING:
    from dagnosis.settings import Settings

FIRES = timedelta(days=30)
"""Without an end Alertmanager takes an alert for resolved after minutes."""


class Alertmanager:
    """Posts each notice as one alert; `token` is sent as a bearer's where there is one."""

    name = "alertmanager"

    def __init__(
        self, url: str, token: str = "", *, allowed: str = "", resolver: Resolver = resolve
    ) -> None:
        self.url, self.token, self.allowed, self.resolver = url, token, allowed, resolver

    def notify(self, notice: Notice) -> None:
        """See `Notifier.notify`."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        post(
            f"{self.url.rstrip('/')}/api/v2/alerts",
            msgspec.json.encode([alert(notice)]),
            headers,
            allowed=self.allowed,
            resolver=self.resolver,
        )


def alert(notice: Notice) -> dict[str, Any]:
    """The alert of a notice. Its labels are the same for all notices of an incident: they are what
    Alertmanager knows it by."""
    told = of_notice(notice)
    one = notice.incident
    labels = {"alertname": "DagnosisNotices", "service": "dagnosis"}
    starts, ends = notice.when, notice.when + timedelta(hours=1)
    if one is not None:
        labels |= {
            "alertname": "DagnosisIncident",
            "incident": str(one.id),
            "fingerprint": safe(one.fingerprint),
            "kind": one.kind,
        }
        ends = notice.when if notice.reason == "resolved" else notice.when + FIRES
        starts = min(one.first_seen, ends)
    annotations = {
        "summary": told.headline,
        "description": "\n".join(told.facts),
        "quote": told.quote,
        "fix": "\n".join(told.fix),
        "cause": safe(one.detail) if one else "",
        **{f"{name.lower()}_url": url for name, url in told.links},
    }
    return {
        "labels": labels,
        "annotations": {name: text for name, text in annotations.items() if text},
        "startsAt": _time(starts),
        "endsAt": _time(ends),
        "generatorURL": notice.incident_url,
    }


def _time(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def configured(settings: Settings) -> Alertmanager | None:
    """Alertmanager as the settings have it."""
    if not settings.notify_alertmanager_url:
        return None
    token = secret_of(settings.notify_alertmanager_token_env, "notify_alertmanager_token_env")
    return Alertmanager(settings.notify_alertmanager_url, token, allowed=settings.notify_allow)
