"""Models in use: the one that was promoted last and is sound, else the one that is shipped.

    <models_dir>/<name>/current               which versions were promoted, newest last (JSON)
    <models_dir>/<name>/versions/<version>/   a model; never changed after it got this name
    <models_dir>/<name>/lock                  held while a version is added or `current` is replaced
    dagnosis/models/shipped/<name>/           the model that came with the package

Readers take no lock. `current` is replaced by `os.replace`, after everything that it names was
flushed to disk: whoever is killed, whenever, leaves either the old model or the new one in use.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from dagnosis import settings
from dagnosis.errors import RefusedModel, RefusedModelWarning, WrongUse
from dagnosis.models import manifest as manifests
from dagnosis.models.manifest import MANIFEST, Manifest

SHIPPED = Path(__file__).parent / "shipped"
KEPT = 5
"""Promoted versions that are kept to roll back to."""

Origin: TypeAlias = Literal["promoted", "shipped"]


class OpenModel(msgspec.Struct, frozen=True):
    """A model that was verified: the folder to load it from, what it says of itself."""

    folder: Path
    manifest: Manifest
    origin: Origin


class Promotion(msgspec.Struct, frozen=True):
    """An entry of `current`: a version and the SHA-256 of its manifest."""

    version: str
    manifest: str


class Version(msgspec.Struct, frozen=True):
    """A version that can be in use. `trouble` says why it is refused; empty for a sound one."""

    name: str
    version: str
    origin: Origin
    current: bool
    manifest: Manifest | None = None
    trouble: str = ""


class _Current(msgspec.Struct, frozen=True):
    promoted: tuple[Promotion, ...] = ()


def open_model(
    name: str,
    format: int | None = None,  # noqa: A002 - as in the manifest
    folder: Path | None = None,
) -> OpenModel | None:
    """The model in use; None where there is none, neither promoted nor shipped.

    `format` is the layout that the caller can load (None: any); `folder` is the user's model folder
    (None: as the settings say). A promoted version that is damaged, foreign or of another layout is
    named in one `RefusedModelWarning` and the version before it is taken, at last the shipped one.
    Raises `RefusedModel` when the shipped one is damaged, too.
    """
    home = _home(name, folder)
    refused = ""
    for promotion in reversed(_read_current(home)):
        try:
            opened = _open_promoted(home, name, promotion, format)
        except RefusedModel as error:
            refused = refused or str(error)
            continue
        _warn(refused, opened)
        return opened
    if not (SHIPPED / name).is_dir():
        _warn(refused, None)
        return None
    opened = OpenModel(SHIPPED / name, manifests.verify(SHIPPED / name, name, format), "shipped")
    _warn(refused, opened)
    return opened


def _open_promoted(home: Path, name: str, promotion: Promotion, format: int | None) -> OpenModel:  # noqa: A002
    if not manifests.is_part(promotion.version):
        raise RefusedModel(f"{home / 'current'}: {promotion.version!r} leads elsewhere")
    folder = home / "versions" / promotion.version
    manifest = manifests.verify(folder, name, format)
    if _digest(folder) != promotion.manifest:
        raise RefusedModel(f"{folder / MANIFEST}: is not the manifest that was promoted")
    return OpenModel(folder, manifest, "promoted")


def _warn(refused: str, instead: OpenModel | None) -> None:
    if refused:
        used = (
            f"{instead.manifest.version} ({instead.origin}) is used" if instead else "none is used"
        )
        warnings.warn(f"{refused}; {used} instead", RefusedModelWarning, stacklevel=3)


def promote(name: str, candidate: Path, folder: Path | None = None) -> OpenModel:
    """Copy a trained model to the user's model folder and put it in use, atomically.

    Raises `RefusedModel` for a candidate that does not verify, and `WrongUse` where the folder
    cannot be written; the model before it then stays in use.
    """
    manifest = manifests.verify(candidate, name)
    home = _home(name, folder)
    with _locked(home):
        target = home / "versions" / manifest.version
        _copy(candidate, target, manifest)
        entry = Promotion(manifest.version, _digest(target))
        opened = _open_promoted(home, name, entry, None)  # what was copied, not what was meant
        earlier = [one for one in _read_current(home) if one.version != manifest.version]
        promoted = (*earlier, entry)[-KEPT:]
        _write_current(home, promoted)
        _remove_others(home, promoted)
    return opened


def rollback(name: str, folder: Path | None = None) -> OpenModel | None:
    """Put the version before the promoted one in use, at last the shipped one; returns it.

    None where nothing is left. Raises `WrongUse` when no version was promoted.
    """
    home = _home(name, folder)
    if not _read_current(home):
        raise WrongUse(f"{name}: no promoted version to roll back from (see dagnosis models list)")
    with _locked(home):
        _write_current(home, _read_current(home)[:-1])
    return open_model(name, folder=folder)


def versions(name: str, folder: Path | None = None) -> list[Version]:
    """Every version that can be in use, each verified: the shipped one, then the promoted ones in
    order of promotion. `current` marks the one that `open_model` gives."""
    home = _home(name, folder)
    found: list[Version] = []
    if (SHIPPED / name).is_dir():
        try:
            manifest = manifests.verify(SHIPPED / name, name)
            found.append(Version(name, manifest.version, "shipped", False, manifest))
        except RefusedModel as error:
            found.append(Version(name, "?", "shipped", False, None, str(error)))
    for promotion in _read_current(home):
        try:
            manifest = _open_promoted(home, name, promotion, None).manifest
            found.append(Version(name, promotion.version, "promoted", False, manifest))
        except RefusedModel as error:
            found.append(Version(name, promotion.version, "promoted", False, None, str(error)))
    for index in reversed(range(len(found))):
        if not found[index].trouble:
            found[index] = msgspec.structs.replace(found[index], current=True)
            break
    return found


def names(folder: Path | None = None) -> list[str]:
    """The models that are shipped or were promoted, in order."""
    homes = [SHIPPED, folder or settings.load().settings.models_folder]
    return sorted(
        {path.name for home in homes if home.is_dir() for path in home.iterdir() if _is_home(path)}
    )


def _is_home(path: Path) -> bool:
    return path.is_dir() and manifests.is_name(path.name)


def _home(name: str, folder: Path | None) -> Path:
    if not manifests.is_name(name):
        raise WrongUse(f"{name!r} is no name of a model (lower case, digits, underscores)")
    return (folder or settings.load().settings.models_folder) / name


# ---------------------------------------------------------------- the pointer


def _read_current(home: Path) -> tuple[Promotion, ...]:
    """What was promoted, oldest first; empty, with a warning, for a pointer that is damaged."""
    path = home / "current"
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Current).promoted
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        warnings.warn(
            f"{path}: is damaged ({error}); the shipped model is used until the next promotion",
            RefusedModelWarning,
            stacklevel=3,
        )
        return ()


def _write_current(home: Path, promoted: tuple[Promotion, ...]) -> None:
    part = home / "current.part"
    with part.open("wb") as file:
        file.write(msgspec.json.encode(_Current(promoted)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(home / "current")
    _flush_folder(home)


def _remove_others(home: Path, promoted: tuple[Promotion, ...]) -> None:
    """Remove the versions that are not promoted, and what a killed promotion left behind."""
    named = {promotion.version for promotion in promoted}
    for path in (home / "versions").iterdir():
        if path.name not in named:
            shutil.rmtree(path, ignore_errors=True)


def _copy(candidate: Path, target: Path, manifest: Manifest) -> None:
    """Copy exactly what the manifest lists, and give it its name when it is on disk.

    A sound copy of an earlier call stays; a damaged one is replaced.
    """
    try:
        manifests.verify(target, manifest.name)
        return
    except RefusedModel:
        shutil.rmtree(target, ignore_errors=True)
    part = target.with_name(f".part-{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for file in (*manifest.files, MANIFEST):
        shutil.copyfile(candidate / file, part / file, follow_symlinks=False)
        with (part / file).open("rb") as copied:
            os.fsync(copied.fileno())
    _flush_folder(part)
    part.rename(target)
    _flush_folder(target.parent)


def _digest(folder: Path) -> str:
    return sha256((folder / MANIFEST).read_bytes()).hexdigest()


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One writer at a time; the system frees the lock of a process that dies."""
    import fcntl

    try:
        (home / "versions").mkdir(parents=True, exist_ok=True)
        with (home / "lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WrongUse(
            f"{home}: cannot be written ({reason}); make it writable, or set models_dir"
        ) from None
