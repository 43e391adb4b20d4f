"""What Airflow's provider registry and `airflow config list` show of dagnosis."""

from __future__ import annotations

from typing import Any

SECTION = "dagnosis"

DEFAULTS: dict[str, str] = {
    "listener": "True",
    "spool": "",
    "spool_cap_bytes": str(16 << 20),
    "retry_mode": "on",
    "retry_confidence": "0.8",
    "retry_never_fail": "",
    "retry_timeout_seconds": "10",
    "preload": "False",
    "notifier_timeout_seconds": "10",
}
"""Option -> its default, as text."""

DESCRIPTIONS: dict[str, str] = {
    "listener": "Whether failures leave a hint for `dagnosis watch` (true or false).",
    "spool": "Folder of these hints; empty: `dagnosis/spool` in Airflow's home.",
    "spool_cap_bytes": "The folder holds at most so much; what is beyond is dropped and counted (bytes).",
    "retry_mode": "What a DiagnosedRetry may do at most: on, record (decide, log it, change nothing) or off.",
    "retry_confidence": "Below this confidence DiagnosedRetry leaves the task to its own retries (0 to 1).",
    "retry_never_fail": "Causes that no DiagnosedRetry fails at once: families or causes, with commas between.",
    "retry_timeout_seconds": "A decision that takes longer is not waited for (seconds).",
    "preload": "Load what decides before tasks are forked (true or false): 35 MB in the scheduler, 0.2 s less a failure.",
    "notifier_timeout_seconds": "A DagnosisNotifier that takes longer is not waited for (seconds, below 20).",
}

_TYPES = {
    "listener": "boolean",
    "preload": "boolean",
    "spool_cap_bytes": "integer",
    "retry_confidence": "float",
    "retry_timeout_seconds": "float",
    "notifier_timeout_seconds": "float",
}


def get_provider_info() -> dict[str, Any]:
    """The entry point `apache_airflow_provider`."""
    return {
        "package-name": "dagnosis",
        "name": "dagnosis",
        "description": "Why did the Airflow run fail, is the data right, and what fails next?",
        "notifications": ["dagnosis.airflow.notifier.DagnosisNotifier"],
        "config": {
            SECTION: {
                "description": "What dagnosis does inside Airflow's processes.",
                "options": {key: _option(key) for key in DEFAULTS},
            }
        },
    }


def _option(key: str) -> dict[str, Any]:
    return {
        "description": DESCRIPTIONS[key],
        "version_added": "0.1.0",
        "type": _TYPES.get(key, "string"),
        "example": None,
        "default": DEFAULTS[key],
    }
