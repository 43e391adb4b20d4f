"""INFO, WARNING or ERROR of a line: what it states, else the line classifier, else keywords.

The classifier is asked once for each distinct template. Where it is not installed or damaged, the
keywords that a careful reader would search for answer alone; where it is unsure, they have a say.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, TypeAlias, cast

import msgspec
import re2

from dagnosis.errors import RefusedModel, RefusedModelWarning
from dagnosis.logs.learned.lines import FORMAT, NAME, LineModel, Message
from dagnosis.logs.masking import mask
from dagnosis.model import Level

Engine: TypeAlias = Literal["model", "keyword"]
Source: TypeAlias = Literal["stated", "model", "keyword", "llm"]

_NOTHING = re2.compile(
    r"(?i)\b(?:0|no|zero|without(?: any)?) (?:\w+ )?(?:errors?|failures?|failed|exceptions?|warnings?)\b"
    r"|(?:errors?|failed|failures?|warnings?)['\"]?\s*[=:]\s*(?:0|none|null|false)\b"
)
_MENDED = re2.compile(
    r"(?i)\b(?:errors?|faults?|failures?)(?:\(s\))?(?: \([^()]*\))?"
    r"(?: (?:was|were|has|have|been|detected|found|and|automatically|successfully))* (?:corrected|repaired|recovered)\b"
)
"""What was made good, which those who write logs call info; what else the message says still counts."""
_ERROR = re2.compile(
    r"(?i)\berrors?\b|\w(?:Error|Exception)\b|\bexception\b|\bfatal\b|\bfail(?:ed|ure|s|ing)?\b|\bcritical\b|\btraceback\b"
    r"|\bpanic\b|\bdenied\b|\brefused\b|\bunable to\b|\bcannot\b|\bcan'?t\b|\bcould ?n[o']t\b|\bcould not\b|\binvalid\b"
    r"|\baborted?\b|\bkilled\b|\bcorrupt(?:ed)?\b|\bsegfault\b|\bunhandled\b|\bunexpected\b|\bcrash(?:ed)?\b"
)
_TRACE = re2.compile(
    r"Traceback \(most recent call last\)|(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception)(?:: |$)|Caused by: "
)
# The state of a processor is printed when a kernel or a program crashed; names of registers and of
# exceptions are those of the manuals of x86, Arm and Power.
_DUMP = re2.compile(
    r"(?i)^\W*(?:[rx]\d{1,2}|fpr\d{1,2}|[cdx]r\d?|xer|ctr|lr|msr|srr\d|dear|esr|dbcr\d|iar|pc|sp|fp|[er](?:ip|[sb]p|[abcd]x|[sd]i)|[er]?flags)"
    r"[=:] ?(?:0x)?[0-9a-f]{8,16}\b"
    r"|\bregisters?: ?0x[0-9a-f]+|\bmachine check\b|\b(?:program|(?:data|instruction) (?:storage|store|access|tlb)) (?:interrupt|exception)\b"
    r"|\bgeneral protection fault\b|\bkernel (?:oops|bug)\b|\bunable to handle kernel\b|\bcore dumped\b|\bassert(?:ion)? (?:failed|failure|violated)\b"
)
_WARNING = re2.compile(
    r"(?i)\bwarn(?:ing|ings)?\b|\bdeprecat\w+|\bretry(?:ing)?\b|\bskipp(?:ed|ing)\b|\bignor(?:ed|ing)\b|\bmissing\b|\bnot found\b"
    r"|\bdoes not exist\b|\balready exists\b|\btime(?:d)? ?out\b|\bslow\b|\bfall(?:ing)? ?back\b|\bunsupported\b|\bnot supported\b"
    r"|\bunknown\b|\bdisabled?\b|\bno longer\b|\bstale\b|\bexpired?\b|\bshould(?:n't| not)\b|\bmay not\b|\blost\b"
)


class Label(msgspec.Struct, frozen=True):
    """The level of one line; confidence in [0, 1]; `source` says who gave it."""

    level: Level
    confidence: float
    source: Source


_NOTHING_WRONG = Label("INFO", 0.8, "keyword")
_RAISED = Label("ERROR", 0.9, "keyword")
_DUMPED = Label("ERROR", 0.85, "keyword")
_CERTAIN = (_NOTHING_WRONG, _RAISED, _DUMPED)
"""What keywords know better than a model that reads neither numbers nor stack traces."""


def label(message: str, stated: Level | None = None) -> Label:
    """The level of a bare message; a stated level stands. An empty message is INFO.

    >>> label("could not connect to server").level
    'ERROR'
    >>> label("anything", stated="WARNING").source
    'stated'
    """
    return Label(stated, 0.99, "stated") if stated else _shared().labels([Message(message)])[0]


def keyword(message: str) -> Label:
    """The level that keywords alone give; the confidence is a rough one.

    >>> keyword("finished with 0 errors").level, keyword("2 parity errors detected and corrected").level
    ('INFO', 'INFO')
    >>> keyword("RIP: 0010:ffffffff81234567 RSP: 0018:ffff8880").level, keyword("rax=0x0000000000000000").level
    ('INFO', 'ERROR')
    """
    message = _sound(message)
    rest = _MENDED.sub("", message)
    if _NOTHING.search(message) or (rest != message and not _ERROR.search(rest)):
        return _NOTHING_WRONG
    if _TRACE.match(message):
        return _RAISED
    if _DUMP.search(message):
        return _DUMPED
    if _ERROR.search(message):
        return Label("ERROR", 0.7, "keyword")
    if _WARNING.search(message):
        return Label("WARNING", 0.55, "keyword")
    return Label("INFO", 0.65, "keyword")


_Key: TypeAlias = tuple[object, ...]
_Late: TypeAlias = tuple[_Key, _Key, Message]


class Labeller:
    """Labels many messages; each distinct template is labelled once, and remembered.

    A template is found by ever dearer keys, so that a line like one before costs a microsecond or
    two: the message without its digits; its words without ids; at last the masked message.
    """

    def __init__(self, engine: Engine = "model") -> None:
        """`keyword` asks no model; nor does `model` where none is installed or can be loaded."""
        self._model = _opened() if engine == "model" else None
        self._known: dict[object, Label] = {}

    def labels(self, messages: Iterable[tuple[str, str, bool]]) -> list[Label]:
        """One label a message, in order; empty for none. Never raises on any text.

        A message is a `Message`, or a plain tuple, which is faster.
        """
        known = self._known
        if len(known) > _REMEMBERED:
            known.clear()
        found: list[Label | None] = []
        late: dict[int, _Late] = {}
        for text, logger, traced in messages:  # of a log, most messages need no more than this loop
            letters = text.encode("utf-8", "surrogatepass").translate(None, _DIGITS)
            zero = "0" in text and _counts_none(text)
            label = known.get((letters, zero, logger, traced))
            if label is None:
                words = (_words(text), zero, logger, traced, None)
                label = known.get(words)
                if label is None:
                    key = (letters, zero, logger, traced)
                    late[len(found)] = (key, words, Message(text, logger, traced))
            found.append(label)
        if late:
            for index, label in zip(late, self._learn(list(late.values())), strict=True):
                found[index] = label
        return cast("list[Label]", found)

    def _learn(self, late: list[_Late]) -> list[Label]:
        """The labels of messages that are not known by two keys; then they are."""
        new: dict[object, Message] = {}
        templates: list[_Key] = []
        for _, words, message in late:
            masked = _PLACEHOLDER.sub(VARIABLE, _sound(mask(message.text[:_COMPARED])))
            template: _Key = (masked, words[1:])
            templates.append(template)
            if template not in self._known:
                new.setdefault(template, message)
        self._ask(new)
        for (key, words, _), known in zip(late, templates, strict=True):
            self._known[key] = self._known[words] = self._known[known]
        return [self._known[template] for template in templates]

    def _ask(self, new: dict[object, Message]) -> None:
        floor = {key: keyword(message.text[:_COMPARED]) for key, message in new.items()}
        self._known.update(floor)
        open_ = [key for key, label in floor.items() if label not in _CERTAIN]
        if self._model is None or not open_:
            return
        found = self._model.levels([new[key] for key in open_], [floor[key].level for key in open_])
        for key, (level, confidence, by_keyword) in zip(open_, found, strict=True):
            self._known[key] = Label(level, confidence, "keyword" if by_keyword else "model")


_REMEMBERED = 200_000
"""Keys that are remembered; a log that has more of them is hostile, or no log."""
_COMPARED = 2000
"""Characters of a message by which its template is told and keywords are searched."""
VARIABLE = "<*>"
"""Any value: to the network all placeholders are one token."""
_PLACEHOLDER = re2.compile(r"<(?:num|time|path|ip|uuid|hex|id|url|email|host|duration|size)>")
_DIGITS = b"0123456789"
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_HEX = b"0123456789abcdefABCDEFx-"


def _counts_none(text: str) -> bool:
    """Perhaps a zero stands alone in the text: `0 errors`, `exit code 0`. A yes too many costs time."""
    return " 0" in text or "=0" in text or "(0" in text or text[:1] == "0"


def _words(text: str) -> bytes:
    """The words, without the hexadecimal digits of those that hold a digit."""
    words = text[:_COMPARED].encode("utf-8", "surrogatepass").translate(_ZEROS).split()
    return b" ".join([word.translate(None, _HEX) if b"0" in word else word for word in words])


def _sound(text: str) -> str:
    """Without lone surrogates (undecodable bytes), which no expression takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


@lru_cache(maxsize=1)
def _shared() -> Labeller:
    return Labeller()


def _opened() -> LineModel | None:
    """The model in use; None, after one warning, where it is damaged or its libraries are missing."""
    from dagnosis.models.store import open_model

    try:
        opened = open_model(NAME, FORMAT)
        return LineModel(opened.folder) if opened else None
    except RefusedModel as error:
        warnings.warn(f"{error}; keywords label the lines", RefusedModelWarning, stacklevel=3)
        return None
