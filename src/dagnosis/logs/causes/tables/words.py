"""What the name of an exception type that no table knows says of itself: `words.tsv`."""

from __future__ import annotations

from functools import cache

from dagnosis.logs.causes.tables.table import HERE, Table, TableHit


def of_words(name: str) -> TableHit | None:
    """The first row of `words.tsv` whose word stands in `name`, in any case; None without one.

    >>> hit = of_words("CrmRateLimitException")
    >>> hit.family, hit.name, hit.code
    ('rate_limit_quota', 'CrmRateLimitException was raised: its name speaks of a limit', 'CrmRateLimitException')
    >>> of_words("AcmeException") is None
    True
    """
    lowered = name.lower()
    for word in _words():
        if word in lowered:
            row = _table().get(word)
            assert row
            return TableHit(
                table="exception_name",
                code=name,
                name=f"{name} was raised: {row.name}",
                family=row.family,
                transience=row.transience,
                weight=row.weight,
                fix=row.fix,
                delay_seconds=row.delay_seconds,
                symptom=row.symptom,
            )
    return None


@cache
def _table() -> Table:
    return Table(HERE / "words.tsv")


@cache
def _words() -> tuple[str, ...]:
    return tuple(_table().codes())
