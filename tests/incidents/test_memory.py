"""Lookups read what the store wrote, from a file and from a server, and change nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.errors import DagnosisError, UnreadableInput
from dagnosis.incidents import memory as memories
from dagnosis.incidents.memory import _closest, open_memory
from dagnosis.incidents.store import Store
from dagnosis.logs.diagnosers.similar import Memory
from dagnosis.logs.diagnosers.vectors import LENGTH, closeness, vector
from tests.incidents.making import remembered

MISSING = "data_error.dataframe_column_missing"


@pytest.fixture
def memory(store: Store, setting: str) -> Iterator[Memory]:
    opened = open_memory(setting)
    assert opened
    yield opened
    opened.close()


def test_labels_of_a_fingerprint(store: Store, memory: Memory) -> None:
    assert list(memory.lookup("f1")) == []
    for number in (1, 3, 2):
        store.remember(remembered(number))
    store.label(remembered(2).id, "confirm", MISSING, who="ann")
    store.label(remembered(2).id, "correct", "network.refused", who="bob")
    found = memory.lookup("f1")
    assert [one.id for one in found] == [remembered(n).id for n in (3, 2, 1)]
    assert [one.labels for one in found] == [(), ("network.refused", MISSING), ()]


def test_labels_are_found_behind_many_that_nobody_labelled(
    store: Store, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memories, "SAME", 5)
    for number in range(12):
        store.remember(remembered(number))
    store.label(remembered(0).id, "confirm", MISSING, who="ann")
    found = memory.lookup("f1")
    assert len(found) == 5
    assert found[-1].labels == (MISSING,)


def test_the_nearest_fingerprints(store: Store, memory: Memory) -> None:
    messages = {
        "f1": "KeyError: 'amount'",
        "f2": "KeyError: 'price'",
        "f3": "ConnectionRefusedError: [Errno 111] Connection refused",
        "f4": "…",  # no word, no vector
    }
    for number, (fingerprint, message) in enumerate(messages.items()):
        store.remember(remembered(number, fingerprint, message=message))
        store.remember(remembered(number + 20, fingerprint, message=message))
    store.remember(remembered(50, "f5", vector_version=-1))
    store.label(remembered(0).id, "confirm", MISSING, who="ann")
    found = memory.nearest(vector("KeyError: 'amount'"), 9)
    assert [one.fingerprint for one in found] == ["f1", "f2", "f3"]
    assert found[0].closeness == pytest.approx(1, abs=1e-4)
    assert found[0].id == remembered(20).id
    assert found[0].labels == (MISSING,)
    assert memory.nearest(vector("…"), 9) == []
    assert len(memory.nearest(vector("KeyError"), 1)) == 1


WORDS = st.lists(st.sampled_from("connection refused key error amount disk full to of".split()))


@settings(deadline=None)
@given(st.lists(WORDS, max_size=12), WORDS.filter(bool), st.integers(1, 5))
def test_plain_and_numpy_agree(rows: list[list[str]], query: list[str], k: int) -> None:
    vectors = [vector(" ".join(words)) or array("f", [0.0] * LENGTH) for words in rows]
    asked = vector(" ".join(query))
    packed = [one.tobytes() for one in vectors]
    with pytest.MonkeyPatch.context() as patch:
        plain = _closest(asked, packed, k)
        patch.setattr(memories, "FEW", 0)
        fast = _closest(asked, packed, k)
    assert [score for _, score in plain] == pytest.approx([score for _, score in fast], abs=2e-4)
    for index, score in plain:
        assert score == pytest.approx(closeness(asked, vectors[index]), abs=2e-4)
    assert plain == sorted(plain, key=lambda found: -found[1])


def test_no_store_is_no_memory(tmp_path: Path) -> None:
    assert open_memory(str(tmp_path / "store.db")) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"junk" * 1000])
def test_a_damaged_store_is_an_error_of_ours(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(content)
    memory = open_memory(str(path))
    assert memory
    with pytest.raises(UnreadableInput, match=r"store\.db"):
        memory.lookup("f1")
    assert path.read_bytes() == content


def test_a_server_that_is_gone(tmp_path: Path) -> None:
    memory = open_memory("postgresql://me:secret@127.0.0.1:1/x")
    assert memory
    for _ in range(2):
        with pytest.raises(DagnosisError) as caught:
            memory.lookup("f1")
        assert "secret" not in str(caught.value)
    memory.close()


def test_reading_changes_nothing(tmp_path: Path) -> None:
    """Also where somebody else writes meanwhile."""
    path = tmp_path / "store.db"
    from dagnosis.incidents.store import open_store

    with open_store(str(path)) as store:
        store.remember(remembered(1))
        memory = open_memory(str(path))
        assert memory
        with store._writing() as connection:
            connection.exec_driver_sql("DELETE FROM diagnosis")
            assert len(memory.lookup("f1")) == 1  # not committed yet
            connection.rollback()
    assert len(memory.lookup("f1")) == 1


def test_a_usual_explain_imports_no_sqlalchemy(tmp_path: Path) -> None:
    from dagnosis.incidents.store import open_store

    log = tmp_path / "a.log"
    log.write_text("KeyError: 'amount'\n")
    with open_store(str(tmp_path / "store.db")) as store:
        store.remember(remembered(1))
    code = (
        "import sys; sys.argv = ['dagnosis', 'explain', sys.argv[1], '--json']\n"
        "from dagnosis.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([name for name in ('sqlalchemy', 'alembic', 'numpy') if name in sys.modules])"
    )
    for store_setting in (str(tmp_path / "store.db"), str(tmp_path / "none.db")):
        ran = subprocess.run(
            [sys.executable, "-c", code, str(log)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "DAGNOSIS_STORE": store_setting},
        )
        assert ran.stdout.splitlines()[-1] == "[]"
        assert ('"similar":["0000000000000001"]' in ran.stdout) == (store_setting[-7:-3] == "tore")
