"""Every family has its categories."""

from __future__ import annotations

from dagnosis.logs.causes.categories import CATEGORIES, category_of, table
from dagnosis.model import FAMILIES

RETRIED = {"rate_limit", "network", "transient"}


def test_every_family_is_mapped_as_common_ai_retries() -> None:
    assert set(table()) == set(FAMILIES) - {"unknown"}
    for passing, lasting in table().values():
        assert passing in RETRIED
        assert lasting in set(CATEGORIES) - RETRIED


def test_what_is_not_known_has_none() -> None:
    assert category_of("network", "unknown") == category_of("unknown", "permanent") == ""
