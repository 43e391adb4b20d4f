"""The real command, killed; `evals/killed.py` does it two hundred times."""

from __future__ import annotations

from evals.killed import killed


def test_a_watch_that_is_killed_loses_nothing_and_counts_nothing_twice() -> None:
    done = killed(6, seconds=2.5, a_second=4.0)
    assert done.failed > 0
    assert (done.missing, done.counted) == (0, done.failed)
