"""Child processes that are ended with all they started, by pid."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One component, in a session of its own; its output goes to `<folder>/<name>.out`."""

    name: str
    child: subprocess.Popen[bytes]
    output: Path

    @classmethod
    def start(
        cls, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> Process:
        """Start `command`; raises `OSError` where it cannot be run."""
        output = folder / f"{name}.out"
        with output.open("ab") as sink:
            child = subprocess.Popen(
                command, env=dict(environment), cwd=folder, stdout=sink,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        return cls(name, child, output)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.child.poll() is None

    def signal_tree(self, number: int) -> None:
        """Send a signal to the process and its present descendants."""
        for pid in [*descendants(self.child.pid), self.child.pid]:
            _kill(pid, number)

    def stop(self, patience: float = 8) -> None:
        """End the process and all that it started; whoever outlives `patience` s is killed."""
        family = [*descendants(self.child.pid), self.child.pid]
        _kill(self.child.pid, signal.SIGTERM)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self.alive:
            time.sleep(0.2)
        family += descendants(self.child.pid)
        for pid in family:
            _kill(pid, signal.SIGKILL)
        self.child.wait()


def descendants(pid: int) -> list[int]:
    """Pids below `pid`, children before grandchildren; empty for a process that is gone."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parent = _parent(entry)
            children.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []
    queue = [pid]
    while queue:
        below = children.get(queue.pop(0), [])
        found += below
        queue += below
    return found


def _parent(entry: Path) -> int:
    try:
        # The command name, in brackets, may hold blanks: the parent is the 2nd word after it.
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return -1


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
