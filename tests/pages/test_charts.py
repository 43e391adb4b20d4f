"""Charts are the numbers that they are made of."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from dagnosis.incidents.contract import Count
from dagnosis.model import FAMILIES
from dagnosis.pages.charts import HIGH, columns, series

START = datetime(2026, 11, 1, tzinfo=timezone.utc)
counts = st.lists(
    st.builds(
        Count,
        when=st.integers(-3, 20).map(lambda day: START + timedelta(days=day, hours=1)),
        cause=st.sampled_from(FAMILIES),
        count=st.integers(1, 10_000),
    )
)


@given(counts)
def test_columns_add_up_and_stay_inside(found: list[Count]) -> None:
    chart = columns(found, START, 14, 86_400)
    inside = [one for one in found if 0 <= (one.when - START).days < 14]
    assert chart.total == sum(one.count for one in inside)
    assert chart.total == sum(total for _, total, _ in chart.rows)
    assert chart.total == sum(one.count for one in chart.families)
    assert len(chart.rows) == 14
    for part in chart.parts:
        assert -0.6 <= part.y <= HIGH
        assert part.y + part.height <= HIGH + 0.6


def test_no_failures_no_parts() -> None:
    assert columns([], START, 14, 86_400).parts == ()


def test_a_band_leaves_alarms_out_and_needs_five_batches() -> None:
    labels = [str(day) for day in range(8)]
    values: list[float | None] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, None, 900.0]
    found = series("rows", labels, values, [7])
    assert (found.low, found.high) == (1.0, 6.0)
    assert series("rows", labels[:4], values[:4], ()).low is None
    assert json.loads(found.drawn)["alarms"] == [7]
    assert found.rows[0] == ("7", "900", True)
    assert found.rows[1] == ("6", "–", False)
