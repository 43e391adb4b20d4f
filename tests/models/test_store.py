"""Promotion is atomic, refusals keep the old model, rollback goes back; also under kill -9."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.errors import RefusedModel, RefusedModelWarning, WrongUse
from dagnosis.models import store
from tests.models.making import make, number_of


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's model folder, and a shipped model with the number 0."""
    monkeypatch.setattr(store, "SHIPPED", tmp_path / "shipped")
    make(tmp_path / "shipped" / "toy")
    return tmp_path / "models"


def candidate(home: Path, number: int) -> Path:
    make(home.parent / f"candidate-{number}", number=number)
    return home.parent / f"candidate-{number}"


def in_use(home: Path) -> tuple[int, str]:
    opened = store.open_model("toy", 1, home)
    assert opened
    return number_of(opened.folder), opened.origin


def test_promote_and_roll_back(home: Path) -> None:
    assert in_use(home) == (0, "shipped")
    store.promote("toy", candidate(home, 1), home)
    store.promote("toy", candidate(home, 2), home)
    assert in_use(home) == (2, "promoted")
    assert store.rollback("toy", home)
    assert in_use(home) == (1, "promoted")
    assert store.rollback("toy", home)
    assert in_use(home) == (0, "shipped")
    with pytest.raises(WrongUse, match="no promoted version"):
        store.rollback("toy", home)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 6), max_size=14))
def test_any_order_of_promotions_and_rollbacks(steps: list[int]) -> None:
    """A number promotes that model, 0 rolls back."""
    with tempfile.TemporaryDirectory() as base, pytest.MonkeyPatch.context() as patch:
        home = Path(base, "models")
        patch.setattr(store, "SHIPPED", Path(base, "shipped"))
        make(Path(base, "shipped", "toy"))
        expected: list[int] = []
        for step in steps:
            if step:
                path = Path(base, f"candidate-{step}")
                store.promote("toy", path if path.is_dir() else candidate(home, step), home)
                expected = [*(n for n in expected if n != step), step][-store.KEPT :]
            elif expected:
                store.rollback("toy", home)
                expected.pop()
            assert in_use(home)[0] == (expected or [0])[-1]
            found = store.versions("toy", home)
            assert [v.current for v in found] == [False] * len(expected) + [True]
            assert not any(v.trouble for v in found)


def test_a_damaged_promoted_model_gives_way_to_the_one_before(home: Path) -> None:
    store.promote("toy", candidate(home, 1), home)
    second = store.promote("toy", candidate(home, 2), home)
    (second.folder / "weights.json").write_bytes(b"{}")
    with pytest.warns(RefusedModelWarning, match="is damaged.*is used instead") as caught:
        assert in_use(home) == (1, "promoted")
    assert len(caught) == 1
    assert [bool(v.trouble) for v in store.versions("toy", home)] == [False, False, True]
    store.promote("toy", home.parent / "candidate-2", home)  # the same again mends it
    assert in_use(home) == (2, "promoted")


def test_a_pickle_is_never_promoted(home: Path) -> None:
    store.promote("toy", candidate(home, 1), home)
    bad = candidate(home, 2)
    (bad / "weights.json").write_bytes(pickle.dumps({"number": 2}))
    with pytest.raises(RefusedModel):
        store.promote("toy", bad, home)
    assert in_use(home) == (1, "promoted")


def test_a_swapped_manifest_is_refused(home: Path) -> None:
    """Somebody replaces files and manifest by another sound model: the pointer knows its hash."""
    promoted = store.promote("toy", candidate(home, 1), home)
    other = candidate(home, 2)
    for path in other.iterdir():
        (promoted.folder / path.name).write_bytes(path.read_bytes())
    with pytest.warns(RefusedModelWarning, match="is not the manifest that was promoted"):
        assert in_use(home) == (0, "shipped")


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b'{"promoted": 1}', pickle.dumps({"promoted": []})]
)
def test_a_damaged_pointer_means_the_shipped_model(content: bytes, home: Path) -> None:
    store.promote("toy", candidate(home, 1), home)
    (home / "toy" / "current").write_bytes(content)
    with pytest.warns(RefusedModelWarning, match="current: is damaged"):
        assert in_use(home) == (0, "shipped")


def test_a_pointer_that_leads_out_is_refused(home: Path) -> None:
    (home / "toy").mkdir(parents=True)
    pointer = b'{"promoted": [{"version": "../../shipped/toy", "manifest": ""}]}'
    (home / "toy" / "current").write_bytes(pointer)
    with pytest.warns(RefusedModelWarning, match="leads elsewhere"):
        assert in_use(home) == (0, "shipped")


def test_another_layout_is_refused(home: Path) -> None:
    make(home.parent / "new", number=3, format=2)
    store.promote("toy", home.parent / "new", home)
    with pytest.warns(RefusedModelWarning, match="has the layout 2, this dagnosis reads 1"):
        assert in_use(home) == (0, "shipped")


def test_no_model_at_all_and_wrong_names(home: Path) -> None:
    assert store.open_model("other", folder=home) is None
    assert store.names(home) == ["toy"]
    for name in ("../toy", "", "Toy", "a/b"):
        with pytest.raises(WrongUse, match="no name of a model"):
            store.open_model(name, folder=home)


def test_a_damaged_shipped_model_is_an_error(home: Path) -> None:
    (store.SHIPPED / "toy" / "card.md").write_text("# Toy 7\n")
    with pytest.raises(RefusedModel, match="is damaged"):
        store.open_model("toy", folder=home)


def test_a_folder_that_cannot_be_made(home: Path) -> None:
    home.write_text("a file, not a folder")
    with pytest.raises(WrongUse, match="set models_dir"):
        store.promote("toy", candidate(home, 1), home)
    assert in_use(home) == (0, "shipped")


PROMOTE = """
import sys
from pathlib import Path
from dagnosis.models import store
for candidate in sys.argv[2:]:
    store.promote("toy", Path(candidate), Path(sys.argv[1]))
    print(candidate, flush=True)
"""


def promoting(home: Path, *candidates: Path) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", PROMOTE, str(home), *map(str, candidates)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def test_two_processes_promote_at_once(home: Path) -> None:
    odd = [candidate(home, n) for n in (1, 3, 5, 7)]
    even = [candidate(home, n) for n in (2, 4, 6, 8)]
    both = [promoting(home, *odd), promoting(home, *even)]
    while any(process.poll() is None for process in both):
        assert in_use(home)[0] in range(9)  # a reader never sees a half
    assert [process.wait() for process in both] == [0, 0]
    found = store.versions("toy", home)
    assert len(found) == 1 + store.KEPT
    assert not any(v.trouble for v in found)
    assert in_use(home)[0] in (7, 8)
    for process in both:
        process.communicate()


def test_kill_9_leaves_the_old_or_the_new_model(home: Path) -> None:
    store.promote("toy", candidate(home, 1), home)
    made = [candidate(home, n) for n in range(2, 40)]
    for attempt in range(8):
        process = promoting(home, *made[attempt:])
        assert process.stdout
        process.stdout.readline()  # it is at work
        time.sleep(0.0007 * attempt)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert in_use(home)[0] in range(2, 40)
    store.promote("toy", home.parent / "candidate-1", home)  # the lock died with its holder
    assert in_use(home) == (1, "promoted")
    left = {path.name for path in (home / "toy" / "versions").iterdir()}
    assert left == {v.version for v in store.versions("toy", home) if v.origin == "promoted"}


STEPS = """
import os, sys
from pathlib import Path
from dagnosis.models import store
left = int(sys.argv[3])
def spend(event, arguments):
    global left
    if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.copyfile"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
sys.addaudithook(spend)
store.promote("toy", Path(sys.argv[2]), Path(sys.argv[1]))
"""


def test_kill_9_at_every_step_of_a_promotion(home: Path) -> None:
    """The process kills itself before its n-th touch of the file system, for every n."""
    store.promote("toy", candidate(home, 1), home)
    new = candidate(home, 2)
    seen = []
    for step in range(1, 200):
        arguments = [sys.executable, "-c", STEPS, str(home), str(new), str(step)]
        ended = subprocess.run(arguments, check=False).returncode
        seen.append(in_use(home)[0])
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        if seen[-1] == 2:
            store.rollback("toy", home)
    assert seen[-1] == 2
    assert set(seen[:8]) == {1}
    assert len(seen) > 12
