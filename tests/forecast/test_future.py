"""No forecast depends on what comes after its request."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.forecast.history import Event, Outcome, Request
from dagnosis.forecast.models import make
from dagnosis.forecast.online import Forecaster, Schedule, replay
from tests.forecast.making import events

SOON = Schedule(first=10, growth=1.3, check=1.1, window=300)


def answers(stream: list[Event], model: str, block: int = 4096) -> dict[str, float]:
    return dict(replay(stream, Forecaster(lambda: make(model), SOON, block)))


def other_future(stream: list[Event], now: int, seed: int) -> list[Event]:
    """The stream up to `now`; beyond it the events shuffled, with other outcomes, some of them new."""
    draw = random.Random(seed)
    later = stream[now:]
    draw.shuffle(later)
    changed: list[Event] = []
    for event in later:
        if isinstance(event, Outcome):
            label = draw.choice((-1, 0, 1))
            changed.append(event._replace(label=label, seconds=draw.random() * 1e5))
        elif draw.random() < 0.8:
            changed.append(event._replace(owner="somebody else", time=event.time + 1e6))
    return stream[:now] + changed


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    now=st.integers(0, 250),
    model=st.sampled_from(["prior", "last-10"]),
)
def test_the_future_changes_no_forecast(seed: int, now: int, model: str) -> None:
    stream = events(140, seed)
    asked = [event.uid for event in stream[:now] if isinstance(event, Request)]
    before = answers(stream, model)
    after = answers(other_future(stream, now, seed), model)
    # other rows in the same product of matrices move the last digits of a float
    assert [before[uid] for uid in asked] == pytest.approx([after[uid] for uid in asked], abs=1e-12)


def test_nor_one_of_the_blend() -> None:
    stream = events(1000, 1)
    now = 1400
    asked = [event.uid for event in stream[:now] if isinstance(event, Request)]
    schedule = Schedule(first=300, growth=2.0)

    def run(given: list[Event]) -> tuple[dict[str, float], int]:
        forecaster = Forecaster(schedule=schedule)
        return dict(replay(given, forecaster)), len(getattr(forecaster.model, "members", ()))

    (before, members), (after, _) = run(stream), run(other_future(stream, now, 7))
    assert members > 1  # it is a blend by then, not the prior alone
    assert [before[uid] for uid in asked] == [after[uid] for uid in asked]


@pytest.mark.parametrize("block", [1, 7, 10_000])
def test_the_size_of_a_block_changes_no_answer(block: int) -> None:
    stream = events(300, 5)
    assert answers(stream, "prior", block) == pytest.approx(answers(stream, "prior"), abs=1e-12)


def test_every_request_is_answered_once_and_in_order() -> None:
    stream = events(300, 6)
    given_uids = [uid for uid, _ in replay(stream, Forecaster(lambda: make("last-10"), SOON, 16))]
    assert given_uids == [event.uid for event in stream if isinstance(event, Request)]
