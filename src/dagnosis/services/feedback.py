"""What users say of a diagnosis: confirmed, or corrected to another cause."""

from __future__ import annotations

import getpass
import re
from functools import cache

import msgspec

from dagnosis.errors import WrongUse
from dagnosis.incidents.store import Said, Store
from dagnosis.logs.causes.catalogue import catalogue
from dagnosis.logs.diagnosers.similar import OTHER, Memory
from dagnosis.logs.reading import LogText
from dagnosis.logs.redaction import redact
from dagnosis.model import FAMILIES, Diagnosis
from dagnosis.services.explain import examine
from dagnosis.services.remember import remembered

_CAUSE = re.compile(r"[a-z][a-z0-9_]{1,59}\Z")
_FAMILIES = tuple(family for family in FAMILIES if family != "unknown")
NEAR = 0.84
"""Likeness from which a new name is taken for a mistyped one (difflib's ratio)."""


class NothingToLabel(WrongUse):
    """The log states no failure."""


class Given(msgspec.Struct, frozen=True):
    """A label that was kept: the diagnosis it is about, and the cause that now stands."""

    diagnosis_id: str
    verdict: Said
    cause: str
    detail: str
    answered: str
    answer: Diagnosis
    new: bool = False
    """The cause is one that dagnosis did not know."""


def user() -> str:
    """Who gives feedback where nobody is named: the login name; "unknown" where there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def give(
    store: Store,
    log: LogText,
    *,
    cause: str = "",
    who: str = "",
    note: str = "",
    new: bool = False,
    memory: Memory | None = None,
) -> Given:
    """Diagnose a log, and keep the diagnosis with what the user says: `cause`, or that it is right.

    `cause` is `family.cause`, or a family alone where no known cause fits; a name that is not known
    makes a new cause below its family, unless it is nearly a known one and `new` is not set. Raises
    `WrongUse` for a family or name that cannot be and for a confirmation of an answer that names no
    cause, `NothingToLabel` for a log without a failure. `memory` is as in `explain_log`: what is
    confirmed is the answer that the user saw.
    """
    examined = examine(log, memory=memory)
    answer = examined.answer
    if examined.finding is None:
        raise NothingToLabel(f"{log.name}: states no failure, so there is nothing to label")
    detail = known(cause, new=new) if cause else answer.detail
    if detail == "unknown.unknown":
        raise WrongUse(
            f"{log.name}: the answer names no cause to confirm; say it with feedback correct --cause"
        )
    said: Said = "correct" if detail != answer.detail else "confirm"
    kept = remembered(log, examined)
    store.remember(kept)
    store.label(kept.id, said, detail, who=who or user(), note=redact(note))
    return Given(
        diagnosis_id=kept.id,
        verdict=said,
        cause=detail.partition(".")[0],
        detail=detail,
        answered=answer.detail,
        answer=answer,
        new=detail not in {*_names(), answer.detail, f"{detail.partition('.')[0]}.{OTHER}"},
    )


def known(cause: str, *, new: bool = False) -> str:
    """`cause` as `family.cause`; a family alone becomes `family.other`.

    Raises `WrongUse` with near matches for a family that is not in the list, for a name that is no
    name, and, unless `new`, for one that is nearly a known one.
    """
    family, _, name = cause.partition(".")
    if family not in _FAMILIES:
        raise WrongUse(
            f"cause {cause!r}: {family!r} is no family to learn{_instead(cause, family)}"
        )
    if not name:
        return f"{family}.{OTHER}"
    if not _CAUSE.match(name):
        raise WrongUse(f"cause {cause!r}: a name has lower case letters, digits and underscores")
    if cause in _names() or new:
        return cause
    import difflib

    # a name is mistyped within its family; a like name of another one is another cause
    rivals = [one for one in sorted(_names()) if one.startswith(f"{family}.")]
    near = difflib.get_close_matches(cause, rivals, 3, NEAR)
    if near:
        raise WrongUse(
            f"cause {cause!r} is not known; did you mean {' or '.join(near)}? "
            "Add --new to make it a cause of your own"
        )
    return cause


def _instead(cause: str, family: str) -> str:
    import difflib

    name = cause.partition(".")[2] or family
    causes = [one for one in sorted(_names()) if one.partition(".")[2] == name]
    near = difflib.get_close_matches(family, _FAMILIES, 2, 0.6)
    found = [*dict.fromkeys([*causes[:3], *near])]
    if found:
        return f"; did you mean {' or '.join(found)}?"
    return f"; families are {', '.join(_FAMILIES)}"


@cache
def _names() -> frozenset[str]:
    """Every `family.cause` that dagnosis can answer, from the causes, the tables and the words."""
    from dagnosis.logs.causes.tables import tables

    rows = (table.get(code) for table in tables().by_name.values() for code in table.codes())
    coded = (f"{row.family}.{row.cause}" for row in rows if row)
    return frozenset((*catalogue().causes, *coded, *(f"{family}.in_words" for family in _FAMILIES)))
