"""What a language model may answer: a closed form whose options come from the causes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from dagnosis.errors import ServiceUnreachable
from dagnosis.model import FAMILIES, Transience

T = TypeVar("T")

CITED, STEPS = 5, 5
QUOTE, EXPLANATION, STEP = 160, 300, 200
"""Characters of a quoted line, of the explanation, of a step; longer ones are cut."""
TRIES = 20
"""Braces at which an object is looked for in an answer."""


class Citation(msgspec.Struct, frozen=True):
    """A line that the answer rests on: its number and some words of it, verbatim."""

    line: int
    quote: str


class Answer(msgspec.Struct, frozen=True):
    """An answer as it came, in form and bounds; whether it is true is for `verify` and `consult`."""

    family: str
    detail: str = ""
    transience: Transience = "unknown"
    confidence: float = 0.0
    citations: tuple[Citation, ...] = ()
    explanation: str = ""
    fix: tuple[str, ...] = ()


class Unusable(ServiceUnreachable):
    """The model answered, but not in the form that was asked for."""


def schema(details: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of an answer; `details` are the causes that may be named."""
    text = {"type": "string"}
    citation = {
        "type": "object",
        "properties": {"line": {"type": "integer"}, "quote": {**text, "maxLength": QUOTE}},
        "required": ["line", "quote"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "family": {"type": "string", "enum": list(FAMILIES)},
            "detail": {"type": "string", "enum": ["", *details]},
            "transience": {"type": "string", "enum": ["transient", "permanent", "unknown"]},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            "citations": {"type": "array", "items": citation, "maxItems": CITED},
            "explanation": {**text, "maxLength": EXPLANATION},
            "fix": {"type": "array", "items": {**text, "maxLength": STEP}, "maxItems": STEPS},
        },
        "required": [
            "family",
            "detail",
            "transience",
            "confidence",
            "citations",
            "explanation",
            "fix",
        ],
        "additionalProperties": False,
    }


def read(text: str, details: Sequence[str]) -> Answer:
    """The answer in what a model wrote, with or without prose and fences around it.

    Raises `Unusable` where there is no JSON object, or none of the form.
    """
    answer = decode(text, Answer)
    if answer.family not in FAMILIES:
        raise Unusable(f"it named a family that does not exist: {answer.family[:60]!r}")
    known = answer.detail in details and answer.detail.partition(".")[0] == answer.family
    return Answer(
        family=answer.family,
        detail=answer.detail if known else "",
        transience=answer.transience,
        confidence=min(max(answer.confidence, 0.0), 1.0),
        citations=tuple(
            Citation(cited.line, cited.quote[:QUOTE]) for cited in answer.citations[:CITED]
        ),
        explanation=answer.explanation.strip()[:EXPLANATION],
        fix=tuple(step.strip()[:STEP] for step in answer.fix[:STEPS] if step.strip()),
    )


def decode(text: str, kind: type[T]) -> T:
    """The first JSON object of the form of `kind` in a text: a model may think aloud before it.

    Raises `Unusable` where there is none.
    """
    problem = ""
    for found in _objects(text):
        try:
            return msgspec.json.decode(found.encode("utf-8", "replace"), type=kind)
        except msgspec.DecodeError as error:
            problem = problem or f"its answer is not of the form asked for: {error}"
    raise Unusable(problem or "it answered without a JSON object")


def _objects(text: str) -> Iterator[str]:
    """Whole JSON objects, the outermost first; `TRIES` braces are looked at."""
    start = -1
    for _ in range(TRIES):
        start = text.find("{", start + 1)
        end = _closing(text, start) if start >= 0 else 0
        if end:
            yield text[start:end]


def _closing(text: str, start: int) -> int:
    """The end of the object that opens at `start`, 0 where it is cut off."""
    depth, quoted, escaped = 0, False, False
    for index in range(start, len(text)):
        letter = text[index]
        if quoted:
            quoted, escaped = escaped or letter != '"', letter == "\\" and not escaped
        elif letter == '"':
            quoted = True
        elif letter in "{}":
            depth += 1 if letter == "{" else -1
            if not depth:
                return index + 1
    return 0
