"""Live exceptions as bounded plain values."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.parsing import parse
from dagnosis.logs.reading import read_text
from dagnosis.raised import (
    FRAMES,
    LINKS,
    TEXT,
    UNPRINTABLE,
    chain_of,
    record_of,
    shortened,
    type_of,
)


def _raised(act: Callable[[], object]) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        act()
    return caught.value


def _chained() -> None:
    try:
        try:
            dict[str, int]()["day"]
        except KeyError as error:
            raise ValueError("no such day") from error
    except ValueError:
        raise RuntimeError("load failed")  # noqa: B904


def test_outermost_first_with_links_and_frames() -> None:
    chain = chain_of(_raised(_chained))
    assert [link["exc_type"] for link in chain] == ["RuntimeError", "ValueError", "KeyError"]
    assert [link["is_cause"] for link in chain] == [False, False, True]
    assert chain[0]["frames"][-1]["name"] == "_chained"
    assert chain[0]["frames"][-1]["filename"].endswith("test_raised.py")


def test_what_from_none_hides_stays_hidden() -> None:
    def hide() -> None:
        try:
            int("x")
        except ValueError:
            raise RuntimeError("bad") from None

    assert [link["exc_type"] for link in chain_of(_raised(hide))] == ["RuntimeError"]


def test_a_cycle_ends() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert [link["exc_value"] for link in chain_of(one)] == ["one", "two"]


def test_deep_chains_and_stacks_are_bounded_and_keep_their_root() -> None:
    error = ValueError("root")
    for number in range(30):
        outer = ValueError(str(number))
        outer.__cause__ = error
        error = outer
    chain = chain_of(error)
    assert len(chain) == LINKS
    assert chain[-1]["exc_value"] == "root"

    def recurse(n: int) -> None:
        if n:
            recurse(n - 1)
        raise ValueError("deep")

    frames = chain_of(_raised(lambda: recurse(300)))[0]["frames"]
    assert len(frames) == FRAMES
    assert frames[-1]["name"] == "recurse"


@pytest.mark.parametrize("raised", [ValueError, SystemExit, KeyboardInterrupt])
def test_a_str_that_raises_is_told(raised: type[BaseException]) -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise raised

    assert chain_of(Hostile())[0]["exc_value"] == UNPRINTABLE


def test_broken_notes_and_groups_cost_nothing() -> None:
    error = ValueError("x")
    error.__notes__ = None  # type: ignore[assignment]
    error.exceptions = 3  # type: ignore[attr-defined]
    described = chain_of(error)[0]
    assert described["exc_notes"] == []
    assert described["exceptions"] == []


def test_the_type_has_its_module() -> None:
    assert type_of(json.JSONDecodeError("x", "y", 0)) == "json.decoder.JSONDecodeError"
    assert type_of(KeyError()) == "KeyError"


def test_the_record_reads_as_airflows_own() -> None:
    log = parse(read_text(json.dumps(record_of(_raised(_chained)))))
    assert [(s.type, s.link) for s in log.statements] == [
        ("RuntimeError", "top"),
        ("ValueError", "context"),
        ("KeyError", "cause"),
    ]
    exited = parse(read_text(json.dumps(record_of(SystemExit(3)))))
    assert exited.signals[0].exit_code == "3"


@given(st.text(max_size=9000))
def test_texts_are_bounded_and_short_ones_whole(text: str) -> None:
    short = shortened(text)
    assert len(short) <= TEXT
    assert short == text or (len(text) > TEXT and short[:100] == text[:100])
    assert short[-100:] == text[-100:]
