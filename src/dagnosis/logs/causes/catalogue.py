"""The taxonomy: one YAML a cause, read into frozen values and matched with google-re2.

A cause file is `<family>/<name>.yaml`; its id is `family.name`. Keys:

    title         what broke, as an engineer would say it (required)
    description   one or two sentences (required)
    transience    transient | permanent | unknown (required): may the same try succeed later?
    retry         action: retry | fail | default, delay_seconds, reason (required)
    fix           steps that an engineer can follow (required, at least one)
    source        where the messages come from: library and module, or a documentation page
    patterns      re2 expressions searched in one message ("Type: text", without time and level)
    exceptions    exception types; "UniqueViolation" matches any module, "psycopg2.errors.X" only it
    unless        re2 expressions that veto a match
    symptom       true: a consequence ("exit code 1"); gives way to any statement of a real cause
    ending        true: says only how the process ended (a signal, 137, 139), not why; gives way to
                  lines of the process that say why
    supervised    true: Airflow's own supervisor or executor states it, at any level, even INFO
    weight        1 to 9, default 5: how specific a match is; the heaviest match names the cause
    vague         true: says where or how it was raised, not why; what the trained model reads in the
                  words goes before it
    certainty     0 to 1, default 1: the share of failures with this message that this cause explains
    rival         the cause that explains most of the others: the second hypothesis
    structural    instead of patterns and exceptions: one sentence that says by what structure of
                  the log code recognises the cause (where it was raised, what is missing)
    examples      match: at least two messages, no_match: at least one (none where structural)

Matching is by mechanism: a pattern hit counts `weight`, an exception type alone `weight - 2`, both
together `weight + 1`. Nothing here reads a log; that is `dagnosis.logs.evidence`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import msgspec
import re2

from dagnosis.errors import BrokenCause
from dagnosis.logs.causes.kept import kept
from dagnosis.logs.causes.prefilter import Prefilter
from dagnosis.model import FAMILIES, RetryAdvice, Transience

HERE = Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class Examples(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Messages that must and must not match; each is one message as the library prints it."""

    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()


class CauseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cause as its YAML states it."""

    title: str
    description: str
    transience: Transience
    retry: RetryAdvice
    fix: tuple[str, ...]
    examples: Examples = Examples()
    source: str = ""
    structural: str = ""
    patterns: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    symptom: bool = False
    supervised: bool = False
    ending: bool = False
    vague: bool = False
    weight: int = 5
    certainty: float = 1.0
    rival: str = ""


class Cause(msgspec.Struct, frozen=True):
    """A cause with its id; `family` is one of `dagnosis.model.FAMILIES`."""

    id: str
    family: str
    spec: CauseFile

    @property
    def title(self) -> str:
        """What broke, in one line."""
        return self.spec.title


class Hit(msgspec.Struct, frozen=True):
    """One cause that a message states; `weight` is higher for a more specific match."""

    cause: Cause
    weight: float
    how: Literal["pattern", "type", "both"]


def split_exception(message: str) -> tuple[str, str]:
    """`"pkg.Type: text"` -> `("pkg.Type", "text")`; `("", message)` where no type leads.

    >>> split_exception("psycopg2.errors.UniqueViolation: duplicate key")
    ('psycopg2.errors.UniqueViolation', 'duplicate key')
    >>> split_exception("cp: cannot stat 'a'")
    ('', "cp: cannot stat 'a'")
    """
    found = _EXCEPTION_HEAD.match(message)
    if not found:
        return "", message
    return found.group(1), message[found.end() :].lstrip()


# A leading dotted name is a type when a module precedes it or its last part looks like a class.
_EXCEPTION_HEAD = re.compile(
    r"(?:E\s+)?((?:[A-Za-z_][\w$]*\.)*(?:[A-Z_][\w$]*|[a-z]\w*(?:[Ee]rror|[Ee]xception|Timeout|timeout)|(?<=\.)[a-z]\w+))(?::(?=\s|$)|$)"
)


def load_causes(folder: Path = HERE) -> tuple[Cause, ...]:
    """Read every cause below `folder`, in order of id.

    Raises `BrokenCause`, naming file and key, for YAML that cannot be parsed, an unknown key, a
    wrong type, a family outside the closed list, or an expression that re2 refuses.
    """
    return tuple(_load(path) for path in sorted(folder.glob("*/*.yaml")))


def _load(path: Path) -> Cause:
    import yaml  # only where the kept causes are stale

    family, name = path.parent.name, path.stem
    if family not in FAMILIES:
        raise BrokenCause(f"{path}: folder {family!r} is not a family ({', '.join(FAMILIES)})")
    if not _NAME.match(name):
        raise BrokenCause(f"{path}: the file name must be lower_case")
    try:
        # the C loader is ten times faster; both are safe loaders
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        raw = yaml.load(path.read_bytes(), Loader=loader)  # noqa: S506
        spec = msgspec.convert(raw, CauseFile)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise BrokenCause(
            f"{path}:{where} not valid YAML ({getattr(error, 'problem', error)})"
        ) from error
    except msgspec.ValidationError as error:
        raise BrokenCause(f"{path}: {error}") from error
    for key in ("patterns", "unless"):
        for expression in getattr(spec, key):
            try:
                re2.compile(expression)
            except re2.error as error:
                raise BrokenCause(f"{path}: {key}: re2 refuses {expression!r}: {error}") from error
    if not 1 <= spec.weight <= 9:
        raise BrokenCause(f"{path}: weight must be 1 to 9, not {spec.weight}")
    if not 0 < spec.certainty <= 1:
        raise BrokenCause(f"{path}: certainty must be above 0 and at most 1, not {spec.certainty}")
    if bool(spec.patterns or spec.exceptions) == bool(spec.structural):
        raise BrokenCause(f"{path}: either patterns or exceptions, or structural, is needed")
    return Cause(f"{family}.{name}", family, spec)


class Catalogue:
    """Causes compiled for matching: one prefilter for all expressions, one table for types."""

    def __init__(self, causes: Iterable[Cause]) -> None:
        self.causes = {cause.id: cause for cause in causes}
        self._by_type: dict[str, list[tuple[str, Cause]]] = defaultdict(list)
        for cause in self.causes.values():
            for name in cause.spec.exceptions:
                self._by_type[name.rpartition(".")[2]].append((name, cause))
        owned = list(_expressions(self.causes.values()))
        self._owners = [(cause, veto) for cause, veto, _ in owned]
        self._expressions = Prefilter("causes", [expression for _, _, expression in owned])

    def match(self, message: str, exception: str = "") -> list[Hit]:
        """The causes that `message` states, heaviest first; empty when it states none.

        `exception` is the exception type (with or without its module); when not given, a type that
        leads the message ("pkg.Type: text") is taken. Patterns see "Type: text".
        """
        if not exception:
            exception, _ = split_exception(message)
        elif not message.startswith(exception):
            message = f"{exception}: {message}"
        patterned: set[str] = set()
        vetoed: set[str] = set()
        for index in self._expressions.match(message):
            cause, veto = self._owners[index]
            (vetoed if veto else patterned).add(cause.id)
        typed = {
            cause.id
            for name, cause in self._by_type.get(exception.rpartition(".")[2], ())
            if "." not in name or "." not in exception or name == exception
        }
        hits = []
        for cause_id in (patterned | typed) - vetoed:
            cause = self.causes[cause_id]
            if cause_id not in typed:
                hits.append(Hit(cause, cause.spec.weight, "pattern"))
            elif cause_id in patterned:
                hits.append(Hit(cause, cause.spec.weight + 1, "both"))
            elif not cause.spec.patterns or cause.spec.weight > 2:
                hits.append(Hit(cause, cause.spec.weight - 2, "type"))
        hits.sort(key=lambda hit: (-hit.weight, hit.cause.id))
        return hits


def _expressions(causes: Iterable[Cause]) -> Iterator[tuple[Cause, bool, str]]:
    """(cause, is it a veto, expression), in a fixed order."""
    for cause in causes:
        for veto, expressions in ((False, cause.spec.patterns), (True, cause.spec.unless)):
            for expression in expressions:
                yield cause, veto, expression


@cache
def catalogue() -> Catalogue:
    """The shipped taxonomy, read and compiled once a process.

    Reading a few hundred YAML files costs more than a diagnosis, so they are kept as JSON under the
    files' names, sizes and times: an edit makes a new one.
    """
    digest = blake2b(digest_size=12)
    for path in (Path(__file__), *sorted(HERE.glob("*/*.yaml"))):
        stat = path.stat()
        digest.update(
            f"{path.parent.name}/{path.name} {stat.st_size} {stat.st_mtime_ns}\n".encode()
        )
    return Catalogue(kept("causes", digest.hexdigest(), tuple[Cause, ...], load_causes))
