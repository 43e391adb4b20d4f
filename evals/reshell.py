"""The same log in the other format: Airflow 2 text to Airflow 3 JSON lines, and back.

Written from the two formats as Airflow prints them, not from the parser that it tests. What stands
in no record (a pasted excerpt) has no format and is left as it is.
"""

from __future__ import annotations

import json
import re
from typing import Any

_RECORD = re.compile(
    r"^\[(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]\d+(?:[+-]\d\d:?\d\d)?)\] \{([\w./-]+):(\d+)\} (\w+) - (.*)$"
)
_FRAME = re.compile(r'^\s+File "([^"]+)", line (\d+), in (.+)$')
_HEAD = "Traceback (most recent call last):"
_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"
_LOGGERS = {
    "subprocess.py": "airflow.task.hooks.airflow.providers.standard.hooks.subprocess.SubprocessHook",
    "spark_submit.py": "airflow.task.hooks.airflow.providers.apache.spark.hooks.spark_submit.SparkSubmitHook",
    "pod_manager.py": "airflow.providers.cncf.kubernetes.utils.pod_manager.PodManager",
    "logging_mixin.py": "task.stdout",
    "taskinstance.py": "task",
}
_FILES = {logger: file for file, logger in _LOGGERS.items()}


def is_text(log: str) -> bool:
    """At least half of the log's lines belong to records of Airflow 2, and it begins with one."""
    return bool(_RECORD.match(log.lstrip().split("\n", 1)[0]))


def is_json(log: str) -> bool:
    """Every line is a JSON record with an event."""
    lines = [line for line in log.split("\n") if line.strip()]
    return bool(lines) and all(line.startswith("{") and '"event"' in line for line in lines)


def to_json(log: str) -> str:
    """Airflow 2 text as the JSON lines of Airflow 3."""
    records: list[tuple[re.Match[str], list[str]]] = []
    for line in log.split("\n"):
        found = _RECORD.match(line)
        if found:
            records.append((found, []))
        elif records:
            records[-1][1].append(line)
    return "\n".join(json.dumps(row) for found, more in records for row in _rows(found, more))


def _rows(found: re.Match[str], more: list[str]) -> list[dict[str, Any]]:
    time, file, number, level, message = found.groups()
    row: dict[str, Any] = {
        "timestamp": time.replace(" ", "T").replace(",", "."),
        "level": level.lower(),
        "event": message,
        "logger": _LOGGERS.get(file, "airflow." + file.removesuffix(".py")),
        "filename": file,
        "lineno": int(number),
    }
    while more and not more[-1].strip():
        more = more[:-1]
    chain = _chain(more)
    if chain:
        row["error_detail"] = chain
    elif more:
        row["event"] = "\n".join([message, *more])
    return [row]


def _chain(lines: list[str]) -> list[dict[str, Any]]:
    """A traceback as `error_detail`: outermost first. Empty when the lines are not one."""
    if not lines or lines[0] != _HEAD:
        return []
    chain: list[dict[str, Any]] = []
    frames: list[dict[str, Any]] = []
    stated: list[str] = []
    cause = False

    def finish() -> None:
        while stated and not stated[-1].strip():
            stated.pop()
        if not stated:
            return
        kind, _, value = "\n".join(stated).partition(": ")
        chain.append(
            {
                "exc_type": kind.rpartition(".")[2],
                "exc_value": value,
                "exc_notes": [],
                "syntax_error": None,
                "is_cause": cause,
                "frames": list(frames),
                "is_group": False,
                "exceptions": [],
            }
        )

    for line in lines:
        frame = _FRAME.match(line)
        if line in (_CAUSE, _CONTEXT):
            cause = line == _CAUSE
            finish()
            stated, frames = [], []
        elif frame and not stated:
            file, number, name = frame.groups()
            frames.append({"filename": file, "lineno": int(number), "name": name})
        elif line == _HEAD or (not stated and line[:1] == " ") or (not stated and not line):
            continue
        else:
            stated.append(line)
    finish()
    chain.reverse()
    return chain


def to_text(log: str) -> str:
    """Airflow 3 JSON lines as the text of Airflow 2."""
    lines: list[str] = []
    for raw in log.split("\n"):
        if not raw.strip():
            continue
        row = json.loads(raw)
        logger = str(row.get("logger", "task"))
        file = (
            _FILES.get(logger) or str(row.get("filename") or "taskinstance.py").rpartition("/")[2]
        )
        time = str(row.get("timestamp", "2026-01-01T00:00:00.000000Z")).replace("Z", "+0000")
        event = row["event"] if isinstance(row["event"], str) else json.dumps(row["event"])
        extras = "".join(
            f" {key}={row[key]}" for key in ("exit_code", "signal", "signal_name") if key in row
        )
        state = _state(row.get("detail"))
        extras += f" current_state={state}" if state else ""
        level = str(row.get("level", "info")).upper()
        lines.append(f"[{time}] {{{file}:{row.get('lineno', 1)}}} {level} - {event}{extras}")
        lines.extend(_traceback(row.get("error_detail") or []))
    return "\n".join(lines) + "\n"


def _state(detail: Any) -> str:
    while isinstance(detail, dict):
        if "current_state" in detail:
            return str(detail["current_state"])
        detail = detail.get("detail")
    return ""


def _traceback(chain: list[dict[str, Any]]) -> list[str]:
    lines: list[str] = []
    for index in range(len(chain) - 1, -1, -1):
        member = chain[index]
        lines.append(_HEAD)
        lines.extend(
            f'  File "{frame["filename"]}", line {frame["lineno"]}, in {frame["name"]}'
            for frame in member.get("frames") or []
        )
        kind, value = member["exc_type"], member["exc_value"]
        lines.extend((f"{kind}: {value}" if value else kind).split("\n"))
        if index:
            lines += ["", _CAUSE if member.get("is_cause") else _CONTEXT, ""]
    return lines
