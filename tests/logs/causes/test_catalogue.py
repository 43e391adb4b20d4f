"""Every cause file is its own golden test: its excerpts must and must not match."""

from __future__ import annotations

import pytest

from dagnosis.logs.causes.catalogue import Cause, catalogue, load_causes

CAUSES = load_causes()


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_excerpts(cause: Cause) -> None:
    assert len(cause.spec.examples.match) >= 2, "at least two excerpts must match"
    assert cause.spec.examples.no_match, "at least one excerpt must not match"
    for excerpt in cause.spec.examples.match:
        hits = catalogue().match(excerpt)
        assert hits, f"nothing matches {excerpt!r}"
        assert hits[0].cause.id == cause.id, f"{excerpt!r} is taken by {hits[0].cause.id}"
    for excerpt in cause.spec.examples.no_match:
        hits = catalogue().match(excerpt)
        assert not hits or hits[0].cause.id != cause.id, f"{excerpt!r} must not match"


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_advice_agrees_with_transience(cause: Cause) -> None:
    retry = cause.spec.retry
    assert (retry.action == "retry") == (retry.delay_seconds is not None)
    assert cause.spec.transience != "permanent" or retry.action != "retry"
    assert cause.spec.transience != "transient" or retry.action != "fail"
    assert cause.spec.fix and all(step.strip() for step in cause.spec.fix)
