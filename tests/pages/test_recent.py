"""What is kept for some seconds is made anew after them."""

from __future__ import annotations

from dagnosis.pages.recent import KEPT, Recent


def test_an_answer_ages() -> None:
    now = [0.0]
    recent = Recent(seconds=15, clock=lambda: now[0])
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    assert recent.get("a", make) == recent.get("a", make) == 1
    assert recent.get("b", make) == 2
    now[0] = 15.5
    assert recent.get("a", make) == 3


def test_only_so_many_are_kept() -> None:
    recent = Recent()
    for number in range(KEPT + 5):
        recent.get(number, lambda: "x")
    assert recent.get(0, lambda: "made anew") == "made anew"
    assert recent.get(KEPT + 4, lambda: "made anew") == "x"
