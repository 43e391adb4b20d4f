"""When somebody is told: new, back again, worse; and not otherwise."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dagnosis.incidents.standing import (
    ABSENT,
    ESCALATES_AGAIN,
    MANY,
    Standing,
    effective,
    greens_needed,
    novelty,
)
from tests.incidents.making import START

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def standing(minutes: list[float], dags: int = 1) -> Standing:
    one = Standing(START, START)
    for minute in minutes:
        one.occurs(START + minute * MINUTE, dags)
    return one


def told(one: Standing) -> list[str]:
    return [transition for transition, _, _ in one.transitions]


def test_the_first_one_is_new_and_the_next_are_not() -> None:
    assert told(standing([0, 1, 2, 3])) == ["new"]


def test_after_it_was_resolved_it_has_come_back() -> None:
    one = standing([0])
    one.state, one.resolved = "resolved", START + HOUR
    assert one.occurs(START + HOUR / 2, 1) is None, "an old one that is heard of late"
    assert one.state == "resolved"
    assert one.occurs(START + 2 * HOUR, 1) == "regressed"
    assert (one.state, one.regressions) == ("open", 1)


def test_after_a_long_absence_it_has_come_back() -> None:
    one = standing([0])
    assert one.occurs(START + ABSENT, 1) is None
    assert one.occurs(START + ABSENT * 2 + MINUTE, 1) == "regressed"


def test_what_is_muted_says_nothing_until_its_time() -> None:
    one = standing([0])
    one.state, one.muted_until = "muted", START + DAY
    assert one.occurs(START + HOUR, 50) is None
    assert one.occurs(START + 3 * DAY, 100) == "escalated"
    assert one.muted_until is None


def test_over_many_dags_it_escalates_once_a_day() -> None:
    one = standing([0])
    assert [one.occurs(START + n * MINUTE, n) for n in range(2, 60)].count("escalated") == 1
    assert one.occurs(START + ESCALATES_AGAIN + 5 * MINUTE, 60) == "escalated"
    assert one.occurs(START + 3 * ESCALATES_AGAIN, 60) is None


def test_far_above_its_usual_rate_it_escalates() -> None:
    one = standing([n * 360.0 for n in range(20)])  # one in six hours, for days
    begin = one.last_seen + 3 * HOUR
    answers = [one.occurs(begin + n * timedelta(seconds=9), 1) for n in range(MANY)]
    assert answers == [None] * (MANY - 1) + ["escalated"]


def test_a_steady_rate_is_no_news() -> None:
    assert told(standing([n / 2 for n in range(20_000)])) == ["new"]


@given(
    st.lists(st.tuples(st.floats(0, 60 * 24 * 2), st.integers(1, 2000)), min_size=1, max_size=200)
)
def test_a_storm_of_two_days_is_told_three_times_at_most(storm: list[tuple[float, int]]) -> None:
    one = Standing(START, START)
    for minute, dags in sorted(storm):
        one.occurs(START + minute * MINUTE, dags)
    assert told(one)[0] == "new"
    assert len(told(one)) <= 3
    assert one.count == len(storm)
    assert one.first_seen <= one.last_seen


def test_novelty() -> None:
    assert novelty(False, 0, 1, START, START) == "new"
    assert novelty(False, 0, 9, START, START + DAY) == "known"
    assert novelty(False, 1, 2, START, START + DAY) == "flaky"
    assert novelty(False, 1, 3, START, START + DAY) == "known"
    assert novelty(True, 2, 2, START, START) == "regressed"


def test_greens() -> None:
    assert [greens_needed(n, "failure") for n in (0, 1, 2, 9, 10_000)] == [3, 6, 12, 48, 48]
    assert greens_needed(3, "late") == 1


def test_muted_until() -> None:
    assert effective("muted", START, START) == "open"
    assert effective("muted", None, START) == "muted"
    assert effective("muted", START + HOUR, START) == "muted"
    assert effective("resolved", START, START + HOUR) == "resolved"
