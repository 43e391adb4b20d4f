"""A memory cgroup with a limit, for the kernel's own out-of-memory killer (needs root)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Group:
    """A cgroup; a process that writes its pid to `<folder>/cgroup.procs` is limited by it."""

    name: str

    @property
    def folder(self) -> Path:
        """Where it lies: below the memory controller of version 1, or in the tree of version 2."""
        controller = _ROOT / "memory"
        return (controller if controller.is_dir() else _ROOT) / self.name

    def start(self, limit: int) -> Callable[[], None]:
        """Create it with a limit in bytes; returns what removes it. `OSError` without the right
        or the controller."""
        self.folder.mkdir(exist_ok=True)
        names = ("memory.limit_in_bytes", "memory.max")
        files = [self.folder / name for name in names if (self.folder / name).exists()]
        if not files:
            self._remove()
            raise OSError(f"no memory controller in {self.folder}")
        files[0].write_text(str(limit))
        return self._remove

    def _remove(self) -> None:
        try:
            self.folder.rmdir()
        except OSError as error:  # a process of ours is still in it
            print(f"{self.folder} stays: {error}")
