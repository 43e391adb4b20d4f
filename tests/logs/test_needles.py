"""The places that look like a failure, whatever else stands in a huge log."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.needles import Index

RNG = random.Random(5)


def search(text: str, budget: int = 1 << 20, block: int = 64 << 10) -> list[tuple[int, str]]:
    """The chosen windows of a text that is given in blocks, first line number and text each."""
    index = Index()
    at, first = 0, 1
    while at < len(text):
        end = text.find("\n", at + block) + 1 or len(text)
        index.add(first, text[at:end].encode())
        first += text.count("\n", at, end)
        at = end
    return [(first, window.decode()) for first, window in index.windows(budget)]


def with_failure(noise: Callable[[int], str], failure: str, lines: int = 20_000) -> str:
    rows = [noise(n) for n in range(lines)]
    rows[lines // 3] = failure
    return "\n".join(rows) + "\n"


NOISE: dict[str, Callable[[int], str]] = {
    "quiet": lambda n: f"loaded part {n}",
    "every line is an error": lambda n: f"ERROR batch {n}: errors=0 failed=0, will retry",
    "every line is loud": lambda n: f"Caused by: java.lang.RuntimeException: try {n}",
    "all lines differ": lambda n: f"{RNG.randbytes(9).hex()} error {RNG.getrandbits(90):x} ghijk",
}


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE)
@pytest.mark.parametrize(
    "failure",
    [
        "psycopg2.errors.DiskFull: could not extend file: No space left on device",
        "fatal: repository not found",
        '{"level":"error","event":"Task failed with exception","error_detail":[]}',
        "ERROR the quota of tenant x is used up",
        "java.lang.OutOfMemoryError: Java heap space",
    ],
)
def test_the_rare_line_is_found(noise: Callable[[int], str], failure: str) -> None:
    text = with_failure(noise, failure)
    windows = search(text, budget=20_000)
    assert sum(len(window) for _, window in windows) <= 20_000
    found = [(first, window) for first, window in windows if failure in window]
    assert found
    lines = text.split("\n")
    for first, window in windows:
        shown = window.rstrip("\n").split("\n")
        assert lines[first - 1 : first - 1 + len(shown)] == shown


def test_nothing_looks_like_a_failure() -> None:
    assert search("all is well\n" * 500) == []
    assert search("") == []


def test_a_trace_brings_its_frames() -> None:
    trace = "Traceback (most recent call last):\n" + "  File x\n" * 30 + "KeyError: 'a'"
    windows = search(with_failure(NOISE["quiet"], trace))
    assert len(windows) == 1
    assert trace in windows[0][1]


def test_hostile_numbers_of_shapes_are_bounded() -> None:
    rows = [f"{RNG.getrandbits(400):x}".translate(LETTERS) for _ in range(200_000)]
    rows = [f"error {row}" for row in rows]
    index = Index()
    for at in range(0, len(rows), 3000):
        index.add(at + 1, "\n".join(rows[at : at + 3000]).encode() + b"\n")
    index.add(len(rows) + 1, b"fatal: the end\n")
    windows = index.windows(100_000)
    assert index.sampled
    assert sum(len(window) for _, window in windows) <= 100_000
    assert any(b"fatal: the end" in window for _, window in windows)


LETTERS = str.maketrans("0123456789abcdef", "ghijklmnopqrstuv")


@given(
    st.lists(
        st.sampled_from(
            ["ok\n", "error\n", "\n", "Traceback (most recent call last):\n", "killed 9\n", "é\n"]
        ),
        max_size=120,
    ),
    st.integers(0, 400),
)
def test_windows_are_lines_of_the_log(rows: list[str], budget: int) -> None:
    text = "".join(rows)
    lines = text.encode().split(b"\n")
    following = 1
    for first, window in search(text, budget, block=200):
        shown = window.encode().removesuffix(b"\n").split(b"\n")
        assert first >= following
        assert lines[first - 1 : first - 1 + len(shown)] == shown
        following = first + len(shown)
