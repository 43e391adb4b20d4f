"""Answers are kept, bounded, and never missed where they cannot be."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.llm.cache import Cache, key


def test_what_is_put_is_found_in_another_process(tmp_path: Path) -> None:
    Cache(tmp_path / "a" / "answers").put({"k": "one", "l": "two"})
    assert Cache(tmp_path / "a" / "answers").get(["k", "m", "l"]) == {"k": "one", "l": "two"}


def test_it_is_bounded_and_the_used_stay(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "answers", kept=3)
    for name in "abc":
        cache.put({name: name})
    cache.get(["a"])
    cache.put({"d": "d"})
    assert set(cache.get("abcd")) == {"a", "c", "d"}


def test_a_broken_file_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "answers").write_bytes(b"junk" * 1000)
    cache = Cache(tmp_path / "answers")
    cache.put({"k": "v"})
    assert cache.get(["k"]) == {}
    (tmp_path / "file").write_text("")
    assert Cache(tmp_path / "file" / "answers").get(["k"]) == {}


@given(st.lists(st.text(alphabet="ab"), min_size=1), st.lists(st.text(alphabet="ab"), min_size=1))
def test_keys_are_of_their_parts(first: list[str], second: list[str]) -> None:
    assert (key(*first) == key(*second)) == (first == second)
