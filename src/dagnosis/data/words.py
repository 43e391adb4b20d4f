"""Measures as people say them."""

from __future__ import annotations

import math

COUNTED = {
    "new value": "rows have a value never seen before",
    "new shape": "rows have a value built unlike any before",
    "new exact shape": "rows have a value of a new length or form",
    "new null pattern": "rows have nulls in a combination never seen before",
    "below range": "rows are below everything seen before",
    "above range": "rows are above everything seen before",
    "repeated rows": "rows repeat another row",
    "rows of the last batch": "rows are those of the last batch",
    "content of the last batch": "rows are those of the last batch but for their times",
    "odd beside others": "rows hardly ever go with what stands beside them",
    "odd beside two": "rows contradict two other columns",
    "against rules": "rows are not what other columns decide",
    "breaks rules": "rows stand beside values that they never had",
    "off its line": "rows miss the line of the other numbers",
    "nulls": "rows are null",
    "empty": "rows are empty texts",
    "blanks around": "rows have blanks around the text",
    "zeros": "rows are zero",
    "negatives": "rows are negative",
    "infinite": "rows are infinite",
    "no integers": "values are no integers",
}
"""What a share of rows means, by its measure."""


def is_rate(what: str) -> bool:
    """Whether a measure is a share of rows."""
    return what in COUNTED or what.startswith(("share of ", "up to "))


def usual_of(what: str, expected: float) -> float:
    """An expectation on the scale of comparison as people say it."""
    if is_rate(what):
        share = math.sin(min(max(expected, 0.0), math.pi / 2)) ** 2
        return share if share > 1e-3 else 0.0
    if what == "rows":
        return math.exp(min(expected, 60.0)) - 1
    if what == "distinct values":
        return max(expected, 0.0) ** 2
    if what == "spread":
        return math.exp(min(expected, 60.0))
    return expected


def words_of(column: str, what: str, now: float, usual: float) -> str:
    """A sentence on one measure, without the name of the column where it is one column's."""
    if what == "rows":
        return f"{now:,.0f} rows, usual are about {usual:,.0f}"
    if what in COUNTED:
        return f"{now:.2%} of the {COUNTED[what]}, usual are {usual:.2%}"
    if what.startswith("share of "):
        value = what.removeprefix("share of ")
        return f"{value!r} has {now:.1%} of the rows, usual are {usual:.1%}"
    if what.startswith("up to "):
        return f"{now:.1%} of the rows are {what}, usual are {usual:.1%}"
    if what.endswith(" time"):
        when = f"{now:,.1f} hours after the partition begins, usual are {usual:,.1f}"
        return f"the {what} is {when}"
    if what == "belonging":
        one, _, two = column.partition("~")
        return f"{one} and {two} go together less than usual ({now:.2f}, usual {usual:.2f} nats)"
    if what == "one value more":
        return "one value is much more frequent than it ever was"
    if what == "distance to line":
        return "the usual distance to the line of the other numbers has changed"
    return f"{what} {now:,.4g}, usual about {usual:,.4g}"
