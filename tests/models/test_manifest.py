"""A model is what its manifest lists, to the byte."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.errors import RefusedModel
from dagnosis.models import manifest
from tests.models.making import make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path / "m")
    return tmp_path / "m"


def edited(folder: Path, **changes: object) -> None:
    path = folder / manifest.MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_what_was_written_is_read(folder: Path) -> None:
    found = manifest.verify(folder, "toy")
    assert (found.name, set(found.files)) == ("toy", {"weights.json", "card.md"})
    assert found.version.startswith("20260528T202640Z-")
    assert found == manifest.read(folder)


@given(st.data())
def test_one_flipped_bit_anywhere_is_refused(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base, "m")
        made = make(folder)
        path = folder / data.draw(st.sampled_from(sorted(made.files)))
        content = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(content)
        with pytest.raises(RefusedModel, match="is damaged"):
            manifest.verify(folder, "toy")


@given(st.binary(max_size=300) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_any_manifest_is_refused_or_read(content: bytes | str) -> None:
    with tempfile.TemporaryDirectory() as base:
        data = content.encode() if isinstance(content, str) else content
        Path(base, manifest.MANIFEST).write_bytes(data)
        with pytest.raises(RefusedModel):
            manifest.verify(Path(base), "toy")


def test_damage_is_named(folder: Path) -> None:
    (folder / "card.md").write_text("# Toy")
    with pytest.raises(RefusedModel, match=r"card\.md: is damaged \(5 bytes instead of 8\)"):
        manifest.verify(folder, "toy")
    (folder / "card.md").unlink()
    with pytest.raises(RefusedModel, match=r"card\.md: is missing"):
        manifest.verify(folder, "toy")


def test_foreign_models_and_files_are_refused(folder: Path) -> None:
    with pytest.raises(RefusedModel, match="called 'toy', not 'causes'"):
        manifest.verify(folder, "causes")
    with pytest.raises(RefusedModel, match="has the layout 1, this dagnosis reads 2"):
        manifest.verify(folder, "toy", format=2)
    (folder / "extra.json").write_text("{}")
    with pytest.raises(RefusedModel, match=r"extra\.json: is foreign"):
        manifest.verify(folder, "toy")
    with pytest.raises(RefusedModel, match=r"has no manifest\.json"):
        manifest.verify(folder.parent, "toy")


def test_a_newer_manifest_is_refused(folder: Path) -> None:
    edited(folder, schema=2)
    with pytest.raises(RefusedModel, match="newer dagnosis"):
        manifest.verify(folder, "toy")


@pytest.mark.parametrize("name", ["../outside.json", "/etc/passwd", "a/b.json", ".hidden.json"])
def test_paths_that_lead_out_are_refused(name: str, folder: Path) -> None:
    outside = folder.parent / "outside.json"
    outside.write_text("{}")
    entry = msgspec.to_builtins(manifest.FileEntry("0" * 64, 2))
    edited(
        folder, files={name: entry, **json.loads((folder / "manifest.json").read_text())["files"]}
    )
    with pytest.raises(RefusedModel, match="leads elsewhere"):
        manifest.verify(folder, "toy")


def test_links_are_refused(folder: Path) -> None:
    shutil.move(folder / "weights.json", folder.parent / "weights.json")
    (folder / "weights.json").symlink_to(folder.parent / "weights.json")
    with pytest.raises(RefusedModel, match="no plain file"):
        manifest.verify(folder, "toy")


def test_a_renamed_pickle_with_a_right_hash_is_refused(folder: Path) -> None:
    path = folder / "weights.json"
    path.write_bytes(pickle.dumps({"a": 1}))
    entry = manifest.FileEntry(manifest._hash(path), path.stat().st_size)
    files = json.loads((folder / "manifest.json").read_text())["files"]
    edited(folder, files={**files, "weights.json": msgspec.to_builtins(entry)})
    with pytest.raises(RefusedModel, match=r"weights\.json: .*pickle"):
        manifest.verify(folder, "toy")


def test_training_cannot_write_what_no_model_may_have(tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(1))
    with pytest.raises(RefusedModel, match="no known format"):
        manifest.write(tmp_path, "toy")


def test_a_change_behind_the_memory_is_seen(folder: Path) -> None:
    manifest.verify(folder, "toy")
    path = folder / "weights.json"
    times = path.stat()
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b" ")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a copying tool may set it
    with pytest.raises(RefusedModel, match="is damaged"):
        manifest.verify(folder, "toy")
