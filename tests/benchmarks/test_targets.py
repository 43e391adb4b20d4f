"""The promises hold together, and the page is what they and the figures say."""

from __future__ import annotations

import importlib.util
import re
import shlex

import pytest

from benchmarks.targets import PAGE, Figure, Target, kept, number, page, targets

EVERY = targets()


def made(**changes: object) -> Target:
    fields: dict[str, object] = {
        "name": "n", "group": "g", "what": "w", "target": "≥ 2", "command": "python -m evals.none",
        "find": [r"ours (?P<ours>\S+)", r"peer (?P<peer>\S+)"], "reached": "{ours} s", "met": ["ours >= 2"],
    }  # fmt: skip
    return Target(**{**fields, **changes})  # type: ignore[arg-type]


def test_names_are_unique_and_texts_use_only_what_is_found() -> None:
    assert len({one.name for one in EVERY}) == len(EVERY)
    for one in EVERY:
        found = {name for expression in one.find for name in re.compile(expression).groupindex}
        used = set(re.findall(r"\{(\w+)\}", one.reached + one.peer))
        assert used <= found, one.name
        assert {comparison.split()[0] for comparison in one.met} <= found, one.name


def test_commands_name_modules_that_are_there() -> None:
    for one in EVERY:
        for line in one.command.strip().splitlines():
            words = shlex.split(line)
            if words[1] == "-m":
                assert importlib.util.find_spec(words[2]), line


def test_values_are_read_in_order() -> None:
    values = made().read("peer 9\nours 2.5\npeer 1.25\n")
    assert values == {"ours": "2.5", "peer": "1.25"}
    with pytest.raises(ValueError, match="peer"):
        made().read("ours 2.5\n")


def test_targets_are_met_or_missed() -> None:
    assert made().is_met({"ours": "2.5"}) is True
    assert made(met=["ours >= 2", "ours <= 2.4"]).is_met({"ours": "2.5"}) is False
    assert made(met=[]).is_met({}) is None
    assert number("10,000") == 10_000


def test_a_page_names_what_was_not_measured() -> None:
    text = page([made(), made(name="m")], {"n": Figure({"ours": "1.23456"}, "2026-11-26", 1.5)})
    assert "| w | ≥ 2 | 1.235 s | – | **missed** |" in text
    assert "not measured" in text


def test_the_committed_page_is_of_the_committed_figures() -> None:
    figures = kept()
    assert figures.keys() <= {one.name for one in EVERY}
    assert PAGE.read_text("utf-8") == page(EVERY, figures), "run `python -m benchmarks --page`"
