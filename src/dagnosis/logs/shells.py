"""Shells around a message: time stamps, levels, loggers and names of containers before it."""

from __future__ import annotations

import msgspec
import re2

from dagnosis.model import Level

LEVELS: dict[str, Level] = {
    **dict.fromkeys(("debug", "info", "notice", "trace", "verbose", "note"), "INFO"),
    **dict.fromkeys(("warning", "warn"), "WARNING"),
    **dict.fromkeys(("error", "critical", "fatal", "severe", "exception", "err"), "ERROR"),
}


class Shell(msgspec.Struct, frozen=True, gc=False):
    """A bare message and what the shells around it said; `logger` is "" where none is named."""

    message: str
    level: Level | None
    logger: str
    prefixed: bool  # it began with a time stamp, a level or a container's name
    headed: bool = True  # it began with a time stamp: a new record, not the next line of one


_STAMP = re2.compile(
    r"^\[?(?:\d{4}-\d\d-\d\d[T _]\d\d:\d\d:\d\d(?:[.,:]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
    r"|\d\d/\d\d/\d\d \d\d:\d\d:\d\d|\d\d:\d\d:\d\d(?:[.,]\d+)?)\]?(?:[ \t:,-]+|$)"
)
_LEVEL_HEAD = re2.compile(
    r"^(?:- )?[\[(]?(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE)[\])]?"
    r"(?:/[\w-]+\])?(?:\s*(?:-|:|\|)\s?|\s+)"
)
_CONTAINER = re2.compile(r"^[\w.@-]+ *\|(?: |$)")
_BYTES = re2.compile(r"""^b(?:'(.*)'|"(.*)")$""")
_SUBTASK = re2.compile(r"^Job \d+: Subtask [\w.\-]+ ")
_POD = re2.compile(r"^\[(?:base|[a-z][\w-]{0,40})\] ")
_CELERY = re2.compile(r"^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d+): (\w+)/([\w-]+)\] ")


_ANSI = re2.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def unshell(text: str, depth: int = 0) -> Shell:
    """Take colours, time, file, level and other prefixes off a line, up to three deep."""
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    shell = _one_shell(text)
    if shell is None or depth >= 3:
        return shell or Shell(text, None, "", False, False)
    if not shell.message[:1] or shell.message[0] in " \t":
        return shell
    inner = unshell(shell.message, depth + 1)
    if not inner.prefixed:
        return shell
    return Shell(inner.message, inner.level or shell.level, inner.logger or shell.logger, True)


def _one_shell(text: str) -> Shell | None:
    head = text[:1]
    if head == "[":
        return _bracketed(text) or _stamped(text)
    if head.isdigit():
        return _stamped(text) or _contained(text)
    if head in ("b", "J"):
        wrapped = _wrapped(text)
        if wrapped:
            return wrapped
    return _contained(text) or (_levelled(text, stamped=False) if head in "TDINWECFS-(" else None)


def _bracketed(text: str) -> Shell | None:
    airflow = _airflow2(text)
    if airflow:
        return airflow
    celery = _CELERY.match(text)
    if celery:
        return Shell(
            text[celery.end() :], LEVELS.get(celery.group(2).lower()), celery.group(3), True
        )
    pod = _POD.match(text)
    return Shell(text[pod.end() :], None, "", True) if pod else None


def _stamped(text: str) -> Shell | None:
    stamp = _STAMP.match(text)
    return _levelled(text[stamp.end() :], stamped=True) if stamp else None


def _wrapped(text: str) -> Shell | None:
    """`b'...'` of Airflow 1 on Python 3, and `Job 6: Subtask x ...`."""
    quoted = _BYTES.match(text)
    if quoted:
        inner = quoted.group(1) or quoted.group(2) or ""
        return Shell(inner.removesuffix("\\n").replace("\\'", "'"), None, "", True)
    subtask = _SUBTASK.match(text)
    return Shell(text[subtask.end() :], None, "", True) if subtask else None


def _contained(text: str) -> Shell | None:
    container = _CONTAINER.match(text) if "|" in text[:80] else None
    return Shell(text[container.end() :], None, "", True) if container else None


def _levelled(text: str, stamped: bool) -> Shell | None:
    if text.startswith("{") and "} " in text:
        text = text[text.find("} ") + 2 :]
    found = _LEVEL_HEAD.match(text)
    if found:
        return Shell(text[found.end() :], LEVELS[found.group(1).lower()], "", stamped, stamped)
    return Shell(text, None, "", True) if stamped else None


def _airflow2(text: str) -> Shell | None:
    """`[time] {file.py:12} LEVEL - message` without a regex: it is the hot path."""
    brace = text.find("] {", 0, 64)
    if brace < 0:
        return None
    close = text.find("} ", brace)
    if close < 0 or close - brace > 120:
        return None
    file = text[brace + 3 : close].partition(":")[0]
    rest = text[close + 2 :]
    word, dash, message = rest.partition(" - ")
    level = LEVELS.get(word.lower()) if len(word) < 12 else None
    if dash and level:
        return Shell(message, level, file, True)
    word, _, message = rest.partition(" ")
    level = LEVELS.get(word.lower())
    return Shell(message if level else rest, level, file, True)
