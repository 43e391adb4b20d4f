"""The same failure gets the same name, whatever its ids, paths, numbers and dates.

**The message decides, not the diagnosis.** A fingerprint is made of what the log states: the type of
the exception, its message without its variable parts, and the user's function that raised it. The
name of the cause takes no part: a better rule tomorrow changes what is said about yesterday's
incident, not which incident it is, so that its history, its confirmations and its count stay. What
remains of the diagnosis is the choice of the line that the failure is named after.

Two things are told apart by what a reader would repair: another table, column, module, constraint,
status, exit code, bucket, endpoint or function is another failure; another host of the same role,
another row, run, partition file or installation path is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import re2

from dagnosis.logs.masking import mask
from dagnosis.logs.redaction import redact

VERSION = "2"
"""Part of every fingerprint: raised when the normal form changes, so that old ones are not mistaken."""
LOOKED_AT, KEPT = 3000, 400
"""Characters of a message that are read, and that are kept of its normal form."""


def fingerprint(parts: Sequence[str]) -> str:
    """16 hex digits over the normal forms of `parts`, in order; no parts have one, too.

    >>> fingerprint(["KeyError", "'amount'"]) == fingerprint(["KeyError", '"amount"'])
    True
    """
    whole = "\x1f".join((VERSION, *(normalise(part) for part in parts)))
    return blake2b(whole.encode("utf-8", "replace"), digest_size=8).hexdigest()


def normalise(text: str) -> str:
    """The part of a message that is the same each time; empty for an empty text.

    >>> normalise('Key (order_id)=(4711) already exists.')
    'key (order_id)=(<row>) already exists.'
    >>> normalise("No such file: '/opt/airflow/data/2026/orders_20261122.csv'")
    'no such file: <path>/orders.csv'
    """
    return _normal(text[:LOOKED_AT])


@lru_cache(1024)
def _normal(text: str) -> str:
    # failures that come by the thousand say the same words
    text = redact(text.encode("utf-8", "replace").decode("utf-8"))
    for expression, replacement in _BEFORE:
        text = expression.sub(replacement, text)
    text = mask(text)
    for expression, replacement in _AFTER:
        text = expression.sub(replacement, text)
    return " ".join(text.translate(_NO_QUOTES).split()).lower()[:KEPT]


_NO_QUOTES = dict.fromkeys(map(ord, "\"'`´‘’“”«»\\^"))


def _address(match: Any) -> str:
    """The role of a host and the words of the path: `https://api-2.acme.com/v1/orders/7?x=1`."""
    scheme, host, path = match.group(1), match.group(2), match.group(3) or ""
    kept = [word for word in map(_wordy, path.split("/")) if word]
    if scheme.lower() not in _WEB:  # an object store: folders are partitions, the bucket a place
        kept = kept[-1:]
    return " ".join((f"{scheme}", _role(host), *kept))


_WEB = frozenset({"http", "https", "ws", "wss", "ftp", "sftp"})


def _role(host: str) -> str:
    """A host without its number, and without its zone where the name is a private one."""
    name = host.rpartition("@")[2].partition(":")[0].lower()
    labels = [label for label in map(_wordy, name.split(".")) if label]
    if not labels:
        return "<host>"
    private = labels[-1] in _PRIVATE
    return " ".join(labels[:1] if private else labels)  # no dots: the mask knows hosts by them


_PRIVATE = frozenset({"internal", "local", "corp", "lan", "cluster", "svc", "intra", "home"})


def _host(match: Any) -> str:
    return f"{match.group(1)} {_role(match.group(2))}"


def _path(match: Any) -> str:
    """A path as its base name without numbers; the folders are where it happens to be installed."""
    folder, _, base = match.group(2).rstrip("/").rpartition("/")
    if folder in ("/tmp", "/var/tmp") and "." not in base:  # noqa: S108 - names that were made up
        return f"{match.group(1)}<tmp>"
    return f"{match.group(1)}<path>/{_wordy(base)}"


def _wordy(name: str) -> str:
    """A name without its ids, dates and numbers: `part-00017-9f86d08.c000.parquet`."""
    stem, dot, suffix = name.rpartition(".")
    if not dot or not suffix.isalpha():
        stem, dot, suffix = name, "", ""
    stem = _TEMPORARY.sub("<tmp>", stem)
    bare: str = _IDS.sub("", stem)
    return bare.strip("-_.=:~ ") + dot + suffix


_IDS = re2.compile(
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[-_.]?\b[0-9a-f]*[0-9][0-9a-f]{6,}\b"
    r"|[-_.=T:+]?[0-9]+(?:[-_.:T+]*[0-9]+)*Z?"
)
_TEMPORARY = re2.compile(r"^(?:airflow)?tmp[\w-]{6,12}$")

_QUOTED = r"""(?:"[^"\n]{0,300}"|'[^'\n]{0,300}'|`[^`\n]{0,300}`)"""

_BEFORE: tuple[tuple[Any, Any], ...] = tuple(
    (re2.compile(expression), replacement)
    for expression, replacement in (
        # places
        (
            r"\b([a-zA-Z][a-zA-Z0-9+.-]{1,20})://([^\s/\"'`<>|?)\]}]*)((?:/[^\s\"'`<>|?)\]}]*)?)(?:\?[^\s\"'`<>|)\]}]*)?",
            _address,
        ),
        (
            r"(?i)\b(host(?:name)?|host name|server at|server|node|worker)\s?[=:]?\s?[\"']([\w.:@-]+)[\"']",
            _host,
        ),
        (r"(^|[\s\"'=(\[,:])((?:~|\.{1,2})?(?:/[\w.@+=%~:*-]+)+/?)", _path),
        (r"\b(?:airflow)?tmp[a-z0-9_]{6,10}\b", "<tmp>"),
        # rows
        (r"\)=\((?:[^()\n]|\([^()\n]*\))*\)", ")=(<row>)"),
        (r"(?i)(failing row contains|duplicate key value is|row:|record:) ?[\[({].*", r"\1 <row>"),
        (rf"(?i)\b(duplicate entry) {_QUOTED}", r"\1 <row>"),
        (r"input_value=.*?, input_type", "input_value=<row>, input_type"),
        (
            rf"(?i)\b(values?|string|literal|timestamp|datetime|date|time data|record|input|number|entry|text):? {_QUOTED}",
            r"\1 <value>",
        ),
        (
            rf"(?i)(string to \w+|with base \d+|syntax for (?:type )?[\w ]{{1,40}}|(?:unable|failed|cannot|could not|can't)(?: to)? (?:parse|convert|cast)\b[\w ]{{0,30}}|is not a valid \w+|invalid \w+ value)[:,]? {_QUOTED}",
            r"\1: <value>",
        ),
        # statements: what the message says about them is enough
        (r"(?s)\[(?:SQL|parameters): .*", ""),
        (r"\(Background on this error at: [^)]*\)", ""),
        (r"(?i)(\bvalues\s*)\((?s:.*)\)", r"\1<row>"),
        (r"(?i)\b(where|and|or|in|like|between)\s*\(?\s*'[^'\n]*'", r"\1 <value>"),
        # a masked password hides this word wherever it stands
        (r"(?i)airflow", "***"),
        # who ran it
        (
            r"""(?i)["']?\b(?:dag|task|run|job|external executor|map|try|process|subdag)[_ ]?(?:id|index|number|subdir)\b["']?\s?[:=]\s?(?:"[^"\n]*"|'[^'\n]*'|[\w.:+-]+),?""",
            "",
        ),
        (
            r"""(?i)["']?\b(?:hostname|full_filepath)["']?\s?[:=]\s?(?:"[^"\n]*"|'[^'\n]*'|<path>/\S+|[\w.:+-]+),?""",
            "",
        ),
        (r"(?i)(lost executor \S+ on) [^\s:]+", r"\1 <host>"),
        # names that a machine gave
        (r"\bo[0-9]+\.", "o."),
        (r"#[0-9]+L?\b", "#"),
        # newer Pythons qualify a method
        (r"\b(?:\w+\.)+(\w+\(\))", r"\1"),
        # objects
        (r"<(TaskInstance|DagRun|DAG|Task|Dag)[:(][^>]*>", r"<\1>"),
        (r"<([\w.]+)(?: object| instance)? at 0x[0-9a-fA-F]+>", r"<\1>"),
    )
)

_AFTER: tuple[tuple[Any, Any], ...] = tuple(
    (re2.compile(expression), replacement)
    for expression, replacement in (
        # pods, workers and replicas: a name and a counter or a random tail
        (
            r"\b([a-z]{2,}(?:-[a-z]+)*)-(?:[a-z0-9]*[0-9][a-z0-9]*)(?:-[a-z0-9]{3,10})?\b",
            r"\1-<id>",
        ),
        (r"\b([a-z]{2,}(?:-[a-z]+)*)-<(?:num|hex|id|uuid)>(?:-[a-z0-9]{5})?\b", r"\1-<id>"),
        (r"(?:<num>[,;:/ ]*){2,}", "<num> "),
        # what a shell put before the line
        (r"^(?:<time>\s+|\[[a-z][a-z0-9-]*\] )+", ""),
    )
)
