"""The log of the try that runs, read by itself: what stands in it so far."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagnosis.logs.reading import LogText

LOG_SECONDS = 0.25
"""So long the line of the exception is waited for: the supervisor writes the log, in another process."""


def own_log(ids: Mapping[str, Any]) -> LogText | None:
    """What stands in the log of the try with these ids (as `ids_of` gives them), waiting a little for the
    line of its exception; None where it is not on this machine or cannot be read."""
    from dagnosis.errors import DagnosisError
    from dagnosis.model import TaskRef
    from dagnosis.services.retry import LIMITS, is_told
    from dagnosis.sources.log_files import LogFolder

    ref = TaskRef(ids["dag_id"], ids["run_id"], ids["task_id"], ids["map_index"], ids["try_number"])
    deadline = time.monotonic() + LOG_SECONDS
    try:
        logs = LogFolder(*log_place(), LIMITS)
        while True:
            found = logs.read(ref)
            if (found and is_told(found)) or time.monotonic() > deadline:
                return found
            time.sleep(0.01)
    except DagnosisError:
        return None


def log_place() -> tuple[str, str]:
    """Airflow's folder of logs, and its template of paths below it."""
    from airflow.configuration import conf

    folder = str(conf.get("logging", "base_log_folder"))
    return folder, str(conf.get("logging", "log_filename_template"))
