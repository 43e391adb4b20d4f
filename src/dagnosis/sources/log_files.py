"""Logs in a folder, by Airflow's path template: the base log folder of a worker, or a shared one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.logs.reading import Limits, LogText, read_path, read_stream
from dagnosis.model import TaskRef
from dagnosis.sources.log_paths import PACKED, Found, PathTemplate, is_trigger_log

if TYPE_CHECKING:
    from dagnosis.settings import Settings


class LogFolder:
    """`LogSource` of a folder. Links that lead out of it are not followed."""

    def __init__(
        self, folder: str | Path, template: str = "", limits: Limits | None = None
    ) -> None:
        """Raises `WrongUse` for a folder that is not there, and for a template that is none."""
        self.folder = Path(folder).expanduser().absolute()
        if not self.folder.is_dir():
            raise WrongUse(f"{self.folder}: no such folder of logs; check airflow_logs")
        self._root = self.folder.resolve()
        self._template = PathTemplate(template)
        self._limits = limits

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self.folder)

    def close(self) -> None:
        """Nothing is held open."""

    def read(self, task: TaskRef) -> LogText | None:
        """The log of a try, with what triggers wrote for it after it; None where there is none.

        Raises `UnreadableInput` for a log that may not be read, or is none.
        """
        below = self._template.path(task)
        path = self._inside(self.folder / below) if below else None
        if path is None:
            return None
        triggers = [] if path.name.endswith(PACKED) else self._trigger_logs(path)
        try:
            return (
                _chained([path, *triggers], self._limits)
                if triggers
                else read_path(path, self._limits)
            )
        except UnreadableInput as error:
            if "is empty" in str(error):
                return None
            raise

    def walk(self) -> Iterator[Found]:
        """Every log of a try below the folder, in the order of names."""
        for path, status in _files(self.folder):
            below = path.relative_to(self.folder).as_posix()
            for ending in PACKED:
                below = below.removesuffix(ending)
            task = self._template.task(below)
            if task is not None:
                modified = datetime.fromtimestamp(status.st_mtime, timezone.utc)
                yield Found(task, str(path), status.st_size, modified)

    def _inside(self, path: Path) -> Path | None:
        """The file at `path`, or a packed one beside it; None where it is missing or lies elsewhere."""
        for ending in ("", *PACKED):
            candidate = path.with_name(path.name + ending)
            try:
                resolved = candidate.resolve(strict=True)
            except (OSError, RuntimeError, ValueError):  # RuntimeError: links in a circle
                continue
            if resolved.is_file() and resolved.is_relative_to(self._root):
                return candidate
        return None

    def _trigger_logs(self, path: Path) -> list[Path]:
        try:
            beside = sorted(
                other for other in path.parent.iterdir() if is_trigger_log(other.name, path.name)
            )
        except OSError:
            return []
        inside = [self._inside(other) for other in beside]
        return [found for found in inside if found is not None]


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Files below a folder in the order of names; links to folders are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path), entry.stat()
        except OSError:  # gone meanwhile
            continue


def _chained(paths: list[Path], limits: Limits | None) -> LogText:
    with ExitStack() as files:
        try:
            opened = [files.enter_context(path.open("rb", buffering=0)) for path in paths]
        except OSError as error:
            raise UnreadableInput(f"{paths[0]}: cannot be read ({error.strerror})") from None
        return read_stream(
            cast("BinaryIO", Chain(cast("list[BinaryIO]", opened))), str(paths[0]), limits
        )


class Chain:
    """Files one after the other, read once; each begins a line of its own."""

    def __init__(self, files: list[BinaryIO]) -> None:
        self._files = list(files)
        self._last = b"\n"

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, b"" at the end."""
        while self._files:
            data = self._files[0].read(size)
            if data:
                self._last = data[-1:]
                return data
            self._files.pop(0)
            if self._files and self._last != b"\n":
                self._last = b"\n"
                return b"\n"
        return b""


def open_logs(settings: Settings, limits: Limits) -> LogFolder:
    """The folder that the settings name."""
    return LogFolder(settings.airflow_logs, settings.airflow_log_template, limits)
