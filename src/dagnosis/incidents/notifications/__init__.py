"""Telling people: one module a notifier, each with `configured(settings) -> Notifier | None`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagnosis.incidents.notifications.contract import Notifier
    from dagnosis.settings import Settings

NAMES = ("webhook", "slack", "mail", "alertmanager")
"""The modules that are notifiers."""


def notifiers(settings: Settings) -> list[Notifier]:
    """The notifiers that are set up. Raises `WrongUse` for one that is set up wrongly."""
    found = (
        import_module(f"dagnosis.incidents.notifications.{name}").configured(settings)
        for name in NAMES
    )
    return [notifier for notifier in found if notifier is not None]
