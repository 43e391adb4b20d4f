"""The rules of the trial: time, one vote a failure, a limited say a DAG, a stated test."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.labels import Label, agreed
from dagnosis.services.trial import LEAST, chance, slices, weighted

START = datetime(2026, 11, 1, tzinfo=timezone.utc)


def label(hour: int, fingerprint: str = "", dag: str = "orders") -> Label:
    return Label(
        id=f"{hour:04}",
        fingerprint=fingerprint or f"f{hour}",
        dag_id=dag,
        detail="network.refused",
        answered="unknown.unknown",
        message="refused",
        lines="",
        occurred=START + timedelta(hours=hour),
    )


@given(st.permutations([label(hour) for hour in range(80)]))
def test_the_newest_are_judged_and_not_learned_from(labels: list[Label]) -> None:
    cut = slices(labels)
    assert cut.missing == 0
    assert len(cut.judged) == 24
    assert max(one.occurred for one in cut.learned) < min(one.occurred for one in cut.judged)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 12)), max_size=90))
def test_a_failure_has_one_vote_and_is_not_learned(drawn: list[tuple[int, int]]) -> None:
    cut = slices([label(hour, f"f{kind}") for hour, kind in drawn])
    judged = [one.fingerprint for one in cut.judged]
    assert len(judged) == len(set(judged))
    assert not set(judged) & {one.fingerprint for one in cut.learned}
    assert (cut.missing == 0) == (len(judged) >= LEAST and len(cut.learned) >= LEAST)


def test_what_the_model_in_use_has_seen_does_not_judge() -> None:
    labels = [label(hour) for hour in range(80)]
    cut = slices(labels, until=START + timedelta(hours=70))
    assert [one.id for one in cut.judged] == [f"{hour:04}" for hour in range(71, 80)]
    assert cut.missing == 11


def test_how_many_are_missing() -> None:
    assert slices([]).missing == 67
    assert slices([label(hour) for hour in range(66)]).missing > 0
    assert slices([label(hour) for hour in range(67)]).missing == 0


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=12),
    st.floats(0.05, 1, exclude_min=True),
)
def test_no_dag_weighs_more_than_its_share(counts: list[int], share: float) -> None:
    labels = [label(n, dag=f"dag{d}") for d, count in enumerate(counts) for n in range(count)]
    weights: dict[str, float] = defaultdict(float)
    for one in weighted(labels, share):
        assert 0 < one.weight <= 1
        weights[one.dag_id] += one.weight
    total = sum(weights.values())
    assert max(weights.values()) / total <= max(share, 1 / len(counts)) + 1e-6


def test_labels_within_the_share_weigh_in_full() -> None:
    labels = [label(n, dag=f"dag{n % 10}") for n in range(40)]
    assert {one.weight for one in weighted(labels, 0.2)} == {1.0}
    assert weighted([], 0.2) == []


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=200))
def test_chance_is_the_exact_binomial_test(pairs: list[tuple[bool, bool]]) -> None:
    better, other = [a for a, _ in pairs], [b for _, b in pairs]
    wins = sum(a and not b for a, b in pairs)
    n = sum(a != b for a, b in pairs)
    expected = Fraction(sum(math.comb(n, k) for k in range(wins, n + 1)), 2**n)
    assert chance(better, other) == pytest.approx(float(expected), abs=1e-9)


@given(st.lists(st.sampled_from(["network.a", "network.b", "disk_full.c"]), max_size=9))
def test_agreement_is_two_thirds_of_a_family(details: list[str]) -> None:
    found = agreed(details)
    if found:
        family = found.partition(".")[0]
        same = sum(detail.partition(".")[0] == family for detail in details)
        assert same >= 2 / 3 * len(details)
        assert found in details
    else:
        assert all(details.count(detail) < 2 / 3 * len(details) for detail in details)
