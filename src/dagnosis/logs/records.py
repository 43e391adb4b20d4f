"""JSON lines, as Airflow 3 writes them: one record a line, decoded into plain values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from dagnosis.logs.statements import Signal
from dagnosis.model import Frame, TaskRef


class Record(msgspec.Struct, gc=False):
    """The keys of a JSON line that matter here; all are optional and of any type, as log text is."""

    event: Any = ""
    level: Any = ""
    logger: Any = ""
    chan: Any = ""
    filename: Any = ""
    error_detail: Any = None
    exit_code: Any = None
    signal: Any = None
    signal_name: Any = None
    detail: Any = None
    reason: Any = None
    msg: Any = None
    message: Any = None
    dag_id: Any = None
    run_id: Any = None
    task_id: Any = None
    map_index: Any = -1
    try_number: Any = 1
    exception: Any = None
    exc_info: Any = None
    # other loggers: python-json-logger, Elastic's schema, Google Cloud, pino
    error: Any = None
    err: Any = None
    levelname: Any = None
    severity: Any = None
    log_level: Any = msgspec.field(default=None, name="log.level")
    text_payload: Any = msgspec.field(default=None, name="textPayload")

    @property
    def said(self) -> str:
        """The message, under whichever key."""
        return text_of(self.event or self.message or self.msg or self.text_payload)

    @property
    def stated_level(self) -> str:
        """The level as stated, in lower case; pino's numbers by their names, "" for none."""
        level = text_of(self.level or self.levelname or self.severity or self.log_level).lower()
        return _PINO.get(level, level)

    def stated_error(self) -> tuple[str, str]:
        """(type, message) of an `error` or `err` key; empty strings for none."""
        error = self.error or self.err
        if isinstance(error, dict):
            kind = text_of(error.get("type") or error.get("name"))
            code = text_of(error.get("code"))
            said = text_of(error.get("message"))
            return kind, f"{said} ({code})" if said and code else said
        return "", text_of(error)


_PINO = {"10": "debug", "20": "debug", "30": "info", "40": "warning", "50": "error", "60": "fatal"}
decode = msgspec.json.Decoder(Record).decode


def record_of(text: str) -> Record | None:
    """The record of a JSON line that has a message; None for any other line."""
    if not text.startswith("{"):
        return None
    try:
        record = decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return None
    return record if record.said else None


def text_of(value: Any) -> str:
    """Any JSON value as text; strings as they are, None as ''."""
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()


def task_ref(record: Record) -> TaskRef:
    """The try that a record is bound to; wrong types fall back to "not mapped, first try"."""

    def whole(value: Any, default: int) -> int:
        return value if isinstance(value, int) else default

    return TaskRef(
        record.dag_id,
        text_of(record.run_id),
        record.task_id,
        whole(record.map_index, -1),
        whole(record.try_number, 1),
    )


def frames_of(raw: Any) -> Iterator[Frame]:
    """The frames of one `error_detail` member, outermost first; none for anything but a list."""
    for frame in raw if isinstance(raw, list) else ():
        if isinstance(frame, dict):
            line = frame.get("lineno")
            yield Frame(
                text_of(frame.get("filename")),
                line if isinstance(line, int) else 0,
                text_of(frame.get("name")),
            )


def signal_of(number: int, event: str, record: Record) -> Signal:
    """What a supervisor line says; `detail` may nest its `current_state` (409 of the API), or say
    that the try is not there (404)."""
    state = reason = ""
    detail = record.detail
    for _ in range(3):
        if isinstance(detail, dict):
            state = text_of(detail.get("current_state")) or state
            reason = text_of(detail.get("reason")) or reason
            detail = detail.get("detail")
    return Signal(number, event, text_of(record.exit_code), text_of(record.signal), state, reason)


def cut_record(text: str) -> str:
    """The event of a JSON line that was cut in the middle."""
    start = text.find('"event"')
    start = text.find('"', text.find(":", start) + 1) + 1
    return text[start:].split('","', 1)[0]
