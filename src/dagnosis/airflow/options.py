"""The section `[dagnosis]` of Airflow's configuration, read in Airflow's processes.

Variables (`AIRFLOW__DAGNOSIS__SPOOL`) go before `airflow.cfg`. Airflow's own `conf.get` is not used:
for an option that is not set it loads every provider, which costs a task hundreds of milliseconds.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from configparser import ConfigParser
from typing import TypeVar

from dagnosis.airflow.provider_info import DEFAULTS, SECTION

T = TypeVar("T")


def text(key: str) -> str:
    """The option as text; its default where it is not set. Never raises for a known key."""
    default = DEFAULTS[key]
    try:
        return _stated(key) or default
    except Exception:  # a guest in Airflow's process: a broken configuration is not ours to report
        return default


def number(key: str, kind: Callable[[str], T]) -> T:
    """The option through `kind` (int, float); its default where it cannot be read so."""
    try:
        return kind(text(key))
    except ValueError:
        return kind(DEFAULTS[key])


def flag(key: str) -> bool:
    """The option as a boolean, in any spelling of Airflow's."""
    return text(key).strip().lower() in ("true", "t", "1", "yes", "on")


def _stated(key: str) -> str:
    named = os.environ.get(f"AIRFLOW__{SECTION.upper()}__{key.upper()}")
    if named is not None:
        return named
    module = sys.modules.get("airflow.configuration")
    conf = getattr(module, "conf", None)
    # most deployments have no such section, and a task need not search for what it may hold
    if not isinstance(conf, ConfigParser) or not ConfigParser.has_section(conf, SECTION):
        return ""
    return ConfigParser.get(conf, SECTION, key, raw=True, fallback="")
