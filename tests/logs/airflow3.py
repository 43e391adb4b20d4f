"""Lines of an Airflow 3 log, as the task runner and its supervisor write them."""

from __future__ import annotations

import json

TASK = "task"
SUBPROCESS = "airflow.task.hooks.airflow.providers.standard.hooks.subprocess.SubprocessHook"
HTTP = "airflow.task.hooks.airflow.providers.http.hooks.http.HttpHook"


def record(event: str, level: str = "info", logger: str = "etl.pipeline", **keys: object) -> str:
    """One line."""
    row = {"timestamp": "2026-01-01T00:00:00Z", "level": level, "event": event, "logger": logger}
    return json.dumps({**row, **keys})


def member(kind: str, value: str = "", *files: str, **keys: object) -> dict[str, object]:
    """One member of an `error_detail`."""
    frames = [{"filename": file, "lineno": 7, "name": "load"} for file in files]
    return {"exc_type": kind, "exc_value": value, "frames": frames, "exceptions": [], **keys}


def failed(*chain: dict[str, object], event: str = "Task failed with exception") -> str:
    """The line that states how the task failed; the chain is outermost first."""
    return record(event, "error", TASK, error_detail=list(chain))


def output(*lines: str) -> list[str]:
    """What a process of BashOperator printed."""
    return [record(line, "info", SUBPROCESS) for line in lines]


def bash_failed(code: int) -> list[str]:
    """The end of a BashOperator."""
    text = f"Bash command failed. The command returned a non-zero exit code {code}."
    return [
        *output(f"Command exited with return code {code}"),
        failed(member("AirflowException", text, "/site-packages/airflow/bash.py")),
    ]


def log(*lines: str) -> str:
    """A try from its pre-execute group on."""
    return "\n".join(
        [record("::group::Pre Execute", logger=TASK), record("::endgroup::", logger=TASK), *lines]
    )
