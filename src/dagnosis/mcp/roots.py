"""The folders that logs are read from. Nothing outside of them is opened, named or known to exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.logs.reading import Limits, LogText, find_logs, read_path

FILES = 200
"""Logs of a folder that a search looks into, the newest."""
WALKED = 20_000
"""Files of a folder that are looked at to find these."""
LIMITS = Limits(
    whole_bytes=4 << 20, scan_bytes=64 << 20, max_unpacked_bytes=1 << 30, bomb_bytes=64 << 20
)


class Roots:
    """Folders of logs, by the names that answers give their files: paths below the folder."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Raises `WrongUse` for what is no folder."""
        for folder in folders:
            if not folder.is_dir():
                raise WrongUse(f"--logs {folder}: no such folder")
        self.folders = tuple(folder.resolve() for folder in folders)

    def find(self, path: str) -> tuple[Path, Path]:
        """The folder and the real path of what is named. Raises `UnreadableInput` for all else, in
        the same words whether it exists or not."""
        for folder in self.folders:
            try:
                real = (folder / path).resolve(strict=True)
            except (OSError, ValueError, RuntimeError):  # NUL, loops of links
                continue
            if real.is_relative_to(folder):
                return folder, real
        raise UnreadableInput(f"{path[:200]!r}: no such log in the folders that may be read")

    def read(self, path: str) -> LogText:
        """A log. Raises `UnreadableInput` for what is none, and `InputTooLarge`."""
        folder, real = self.find(path)
        if not real.is_file():  # a pipe would be waited for
            raise UnreadableInput(f"{path[:200]!r}: is no file; name a log in it")
        return _named(real, str(real.relative_to(folder)))

    def logs(self, path: str = "") -> Iterator[tuple[str, Path]]:
        """The newest logs below a folder, or one log: (name, real path)."""
        places = [self.find(path)] if path else [(folder, folder) for folder in self.folders]
        found = [
            (real.stat().st_mtime, str(log.relative_to(folder)), real)
            for folder, place in places
            for log in islice(find_logs([place]), WALKED)
            for real in [log.resolve()]
            if real.is_relative_to(folder) and real.is_file()
        ]
        for _, name, real in sorted(found, reverse=True)[:FILES]:
            yield name, real


def _named(real: Path, name: str) -> LogText:
    """What is said of a log names it as the answers do."""
    try:
        return read_path(real, LIMITS)
    except UnreadableInput as error:
        raise type(error)(str(error).replace(str(real), name)) from None
