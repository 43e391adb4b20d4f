"""The prefilter agrees with re2 on every expression that we ship and on made-up ones."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.causes.catalogue import load_causes
from dagnosis.logs.causes.phrases import phrases
from dagnosis.logs.causes.prefilter import Prefilter, required

SHIPPED = [e for cause in load_causes() for e in (*cause.spec.patterns, *cause.spec.unless)]
EXCERPTS = [
    text
    for cause in load_causes()
    for text in (*cause.spec.examples.match, *cause.spec.examples.no_match)
]


@pytest.mark.parametrize(
    ("expression", "literals"),
    [
        (r"No module named '?[\w.]+'?", {"no module named "}),
        (r"(?i)TIMED out", {"timed out"}),
        (r"[Cc]ommand failed", {"command failed"}),
        (r"abc|def", {"abc", "def"}),
        (r"abc|\d+", None),
        (r"(?:abc)?", None),
        (r"colou?r of", {"colo"}),
        (r"exit code [1-9]\d* from", {"exit code "}),
        (r"ab{2,3}cde", {"cde"}),
        (r"磁盘(?:已满|不足)", {"磁盘"}),
        (r"\[Errno \d+\]", {"[errno "}),
    ],
)
def test_required(expression: str, literals: set[str] | None) -> None:
    assert required(expression) == literals


def test_every_shipped_expression_requires_something() -> None:
    lazy = [e for e in [*SHIPPED, *(phrase.expression for phrase in phrases())] if not required(e)]
    assert not lazy, "tried on every line; give them a literal of three letters"


def test_it_agrees_with_re2_on_every_excerpt() -> None:
    prefilter = Prefilter("test", SHIPPED)
    compiled = [re2.compile(expression) for expression in SHIPPED]
    for text in EXCERPTS:
        expected = [index for index, each in enumerate(compiled) if each.search(text)]
        assert prefilter.match(text) == expected


words = st.text(alphabet="abcAB .:é磁", min_size=1, max_size=6)


@given(st.lists(words, min_size=1, max_size=5), st.text(alphabet="abcAB .:é磁x", max_size=40))
def test_it_agrees_with_re2_on_literals(literals: list[str], text: str) -> None:
    expressions = [re2.escape(literal) for literal in literals]
    found = Prefilter("test", expressions).match(text)
    assert found == [index for index, literal in enumerate(literals) if literal in text]
