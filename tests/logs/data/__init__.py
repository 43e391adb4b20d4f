"""Data of the tests of ``dagnosis.logs``, and their loaders. README.md says what each file holds."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent


class Planted(NamedTuple):
    """A log text, and the substrings of it that redaction must not let through."""

    kind: str
    text: str
    secrets: list[str]


class Pair(NamedTuple):
    """Two logs, and in one phrase why they are the same failure, or why they are not."""

    a: str
    b: str
    why: str


class Message(NamedTuple):
    """A message, the families that an expert accepts (none: harmless), and its transience."""

    text: str
    families: tuple[str, ...]
    transience: str


class Shell(NamedTuple):
    """A whole log in an unusual shell, its family, and a part of the line that states the cause."""

    text: str
    family: str
    states: str


def secrets() -> list[Planted]:
    """Rows of secrets.jsonl, decoded."""
    return [
        Planted(row["kind"], _decode(row["text_b64"]), [_decode(s) for s in row["secrets_b64"]])
        for row in _rows("secrets.jsonl")
    ]


def harmless() -> list[str]:
    """Lines of harmless.txt, without their line ends."""
    return (HERE / "harmless.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n")


def same_failures() -> list[Pair]:
    """Pairs of logs of one failure."""
    return [Pair(**row) for row in _rows("fingerprint_same.jsonl")]


def different_failures() -> list[Pair]:
    """Pairs of logs of two failures that look alike."""
    return [Pair(**row) for row in _rows("fingerprint_different.jsonl")]


def messages() -> list[Message]:
    """Rows of messages.tsv; ``\\n`` in a message stands for a line end, ``\\t`` for a tab."""
    lines = (HERE / "messages.tsv").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    return [_message(*line.split("\t")) for line in lines]


def shells() -> list[Shell]:
    """Rows of shells.jsonl."""
    return [Shell(**row) for row in _rows("shells.jsonl")]


def _message(text: str, families: str, transience: str) -> Message:
    accepted = () if families == "none" else tuple(families.split("|"))
    return Message(text.replace("\\n", "\n").replace("\\t", "\t"), accepted, transience)


def _rows(name: str) -> list[dict[str, Any]]:
    # Split at "\n" alone: str.splitlines would also split at separators inside of strings.
    text = (HERE / name).read_text(encoding="utf-8").removesuffix("\n")
    return [json.loads(line) for line in text.split("\n")]


def _decode(encoded: str) -> str:
    return base64.b64decode(encoded).decode()
