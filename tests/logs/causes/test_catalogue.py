"""Every cause file is its own golden test: its excerpts must and must not match."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagnosis.errors import BrokenCause
from dagnosis.logs.causes.catalogue import Cause, catalogue, load_causes

CAUSES = load_causes()
MATCHED = [cause for cause in CAUSES if not cause.spec.structural]
GOOD = """\
title: x
description: y
transience: unknown
retry: {action: default}
fix: [z]
patterns: ['disk']
examples: {match: [a disk, b disk], no_match: [c]}
"""


@pytest.mark.parametrize("cause", MATCHED, ids=lambda cause: cause.id)
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
    assert cause.spec.fix
    assert all(step.strip() for step in cause.spec.fix)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title: [", "line 2"),
        ("title: x", "description"),
        ("nonsense: 1", "nonsense"),
        (GOOD.replace("patterns: ['disk']", "patterns: ['(']"), "patterns"),
        (GOOD.replace("transience: unknown", "transience: sometimes"), "$.transience"),
        (GOOD + "weight: 12\n", "weight"),
    ],
)
def test_a_broken_file_is_named_with_its_key(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "disk_full" / "broken.yaml"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(BrokenCause, match=r"broken\.yaml") as caught:
        load_causes(tmp_path)
    assert says in str(caught.value)


def test_an_unknown_family_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad_luck" / "a.yaml"
    path.parent.mkdir()
    path.write_text(GOOD)
    with pytest.raises(BrokenCause, match="bad_luck"):
        load_causes(tmp_path)
