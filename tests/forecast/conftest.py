"""PostgreSQL, where its server is installed."""

from __future__ import annotations

from tests.incidents.conftest import postgres_url

__all__ = ["postgres_url"]
