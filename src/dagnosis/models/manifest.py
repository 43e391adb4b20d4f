"""The manifest of a model: what it is called, what its files hash to, how good it was, from what.

A model is a folder with `manifest.json` and exactly the files that it lists.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path

import msgspec

from dagnosis.errors import RefusedModel
from dagnosis.models.formats import refusal

MANIFEST = "manifest.json"
SCHEMA = 1
"""Version of the manifest itself."""
LARGEST = 1 << 20
"""Bytes of a manifest."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")
"""Of a file or a version: one part of a path, so nothing leads out of the folder."""


class FileEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file's SHA-256 in hex and its size in bytes."""

    sha256: str
    bytes: int


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Data that the model was trained on: a name, its licence, how many rows of it."""

    name: str
    licence: str
    rows: int = 0


class Manifest(msgspec.Struct, frozen=True):
    """What a model says of itself. Unknown keys are those of a newer dagnosis, and let be.

    `format` is the layout that the code which loads the model expects; `figures` are its measured
    qualities by name; `until` is the time of the newest label that it was trained on, None where it
    was trained on no labels of a user.
    """

    name: str
    version: str
    created: datetime
    files: dict[str, FileEntry]
    figures: dict[str, float] = {}
    data: tuple[Source, ...] = ()
    seed: int = 0
    format: int = 1
    made_by: str = ""
    until: datetime | None = None
    schema: int = SCHEMA


def is_name(text: str) -> bool:
    """May a model be called so? Lower case, digits and underscores."""
    return bool(_NAME.match(text))


def is_part(text: str) -> bool:
    """May a file or version be called so? One part of a path that does not begin with a dot."""
    return bool(_FILE.match(text))


def write(
    folder: Path,
    name: str,
    *,
    figures: dict[str, float] | None = None,
    data: Iterable[Source] = (),
    seed: int = 0,
    format: int = 1,  # noqa: A002 - the key of the manifest
    made_by: str = "",
    until: datetime | None = None,
    created: datetime | None = None,
) -> Manifest:
    """Hash the files in `folder` and write its manifest; the last step of training.

    The version is the time and the first digits of a hash over all files, so that two trainings
    never share one. Raises `RefusedModel` for a file that no model may have.
    """
    created = (created or datetime.now(timezone.utc)).replace(microsecond=0)
    files = {}
    for path in sorted(folder.iterdir()):
        if path.name != MANIFEST:
            files[path.name] = _entry(path)
    whole = sha256(msgspec.json.encode(files, order="sorted")).hexdigest()
    manifest = Manifest(
        name=name,
        version=f"{created.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}-{whole[:8]}",
        created=created,
        files=files,
        figures=figures or {},
        data=tuple(data),
        seed=seed,
        format=format,
        made_by=made_by,
        until=until,
    )
    encoded = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    (folder / MANIFEST).write_bytes(encoded + b"\n")
    return verify(folder, name)


def read(folder: Path) -> Manifest:
    """The manifest of a folder, its files unread. Raises `RefusedModel`."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > LARGEST:
            raise RefusedModel(f"{path}: larger than {LARGEST:,} bytes; this is no manifest")
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise RefusedModel(f"{folder}: has no {MANIFEST}, so it is no model") from None
    except OSError as error:
        raise RefusedModel(f"{path}: cannot be read ({_reason(error)})") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedModel(f"{path}: is damaged ({error})") from None
    if manifest.schema > SCHEMA:
        raise RefusedModel(f"{path}: written by a newer dagnosis; upgrade, or roll back")
    if not is_name(manifest.name) or not is_part(manifest.version) or not manifest.files:
        raise RefusedModel(f"{path}: its name, version or list of files is not one")
    return manifest


def verify(folder: Path, name: str, format: int | None = None) -> Manifest:  # noqa: A002
    """The manifest of a folder whose every file was checked: name, size, hash and content.

    `format` is the layout that is wanted; None takes any. A file whose size and times are those of
    an earlier call in this process is not hashed again. Raises `RefusedModel`, naming the file.
    """
    manifest = read(folder)
    if manifest.name != name:
        raise RefusedModel(f"{folder}: is a model called {manifest.name!r}, not {name!r}")
    if format is not None and manifest.format != format:
        raise RefusedModel(
            f"{folder}: has the layout {manifest.format}, this dagnosis reads {format}; retrain"
        )
    try:
        present = {path.name for path in folder.iterdir()} - {MANIFEST}
        for file in sorted(present | set(manifest.files)):
            entry = manifest.files.get(file)
            if entry is None:
                raise RefusedModel(f"{folder / file}: is foreign, the manifest does not list it")
            if not is_part(file):
                raise RefusedModel(f"{folder}: the manifest lists {file!r}, which leads elsewhere")
            if file not in present:
                raise RefusedModel(f"{folder / file}: is missing")
            _check(folder / file, entry)
    except OSError as error:
        raise RefusedModel(f"{folder}: cannot be read ({_reason(error)})") from None
    return manifest


_checked: dict[tuple[str, int, int, int, int], FileEntry] = {}


def _check(path: Path, entry: FileEntry) -> None:
    if path.is_symlink() or not path.is_file():
        raise RefusedModel(f"{path}: is no plain file")
    status = path.stat()
    key = (str(path), status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    if _checked.get(key) == entry:
        return
    if status.st_size != entry.bytes:
        raise RefusedModel(
            f"{path}: is damaged ({status.st_size:,} bytes instead of {entry.bytes:,})"
        )
    if _hash(path) != entry.sha256:
        raise RefusedModel(f"{path}: is damaged (its hash is not that of the manifest)")
    why = refusal(path)
    if why:
        raise RefusedModel(f"{path}: {why}")
    _checked[key] = entry


def _entry(path: Path) -> FileEntry:
    why = refusal(path) if path.is_file() and is_part(path.name) else "is no plain file"
    if why:
        raise RefusedModel(f"{path}: {why}")
    return FileEntry(_hash(path), path.stat().st_size)


def _hash(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _reason(error: OSError) -> str:
    return (error.strerror or os.strerror(error.errno or 0)).lower()
