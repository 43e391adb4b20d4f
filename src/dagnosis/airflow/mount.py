"""Where the pages of the plugin are. Imported in every process of Airflow."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow.configuration import conf

MOUNT = "/dagnosis"
"""Below Airflow's own path."""


def path() -> str:
    """The path of the pages on Airflow's host: Airflow itself need not be at `/`."""
    base = conf.get("api", "base_url", fallback="") or ""
    return urlsplit(base).path.rstrip("/") + MOUNT
