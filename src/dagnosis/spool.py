"""Hints on their way from Airflow's processes to `dagnosis watch`: files in a folder of one machine.

Standard library only, since tasks write here. A hint makes an incident sooner; the poll of the run
history is what guarantees it, so a hint may be dropped, and is never waited for.

A record is one line, written by one call: a line end, the CRC-32 of the body, the body as JSON, a
line end. The line end in front separates it from one that was torn by a kill or a full disk. Writers
hold a shared lock from before they look at the file until they have written; the reader renames the
file, reads it, and deletes it under an exclusive lock and only if nothing was added since. So what was
not acknowledged is read again, and nothing is deleted unread.

Records hold messages of exceptions as they were raised, secrets and all: they are readable by whoever
may read the folder (made for its owner alone), and `Spool.read` wants to know how they are redacted.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from dagnosis.raised import shortened

CAP_BYTES = 16 << 20
"""The folder holds at most so many bytes, give or take a record for each process that writes: one half
what is being written, the other what a reader has taken and not acknowledged."""
RECORD_BYTES = 16 << 10
"""A record is at most so long: frames go first, then the middle of messages."""
_OPEN, _TAKEN = "open-", "taken-"
_DROPS, _TAKEN_DROPS = "drops-", "taken.drops-"
_MOST_DROPS = 1 << 20


class Hint(NamedTuple):
    """What a process of Airflow saw.

    `kind` is task_failed, run_failed or import_error; `where` the process (task, server); `time` is in
    seconds since 1970, UTC. `try_number` is 0 and `map_index` -1 where they do not apply. `chain` is the
    live exception as `dagnosis.raised.chain_of` describes it; `text` is what Airflow says where there
    is none; `file` the DAG file of an import error.
    """

    kind: str
    time: float = 0.0
    where: str = ""
    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int = -1
    try_number: int = 0
    state: str = ""
    text: str = ""
    file: str = ""
    chain: tuple[dict[str, Any], ...] = ()

    @property
    def key(self) -> tuple[str, str, str, int, int]:
        """The try: hint, poll and event log of one try have the same key."""
        return self.dag_id, self.run_id, self.task_id, self.map_index, self.try_number


class Batch(NamedTuple):
    """What a read found: hints in the order of writing, records that were damaged, hints that writers
    had to drop, and (file, bytes read) to acknowledge."""

    hints: tuple[Hint, ...] = ()
    damaged: int = 0
    dropped: int = 0
    files: tuple[tuple[str, int], ...] = ()


def default_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where writers and reader meet: `DAGNOSIS_SPOOL`, `AIRFLOW__DAGNOSIS__SPOOL`, or `dagnosis/spool`
    in Airflow's home."""
    named = environ.get("DAGNOSIS_SPOOL") or environ.get("AIRFLOW__DAGNOSIS__SPOOL")
    if named:
        return Path(named)
    home = environ.get("AIRFLOW_HOME") or os.path.expanduser("~/airflow")  # noqa: PTH111
    return Path(home) / "dagnosis" / "spool"


class Spool:
    """A folder of hints. Any number of processes may write and read at once; no method keeps a file or
    a lock open, so it survives forks."""

    def __init__(self, folder: str | Path, cap_bytes: int = CAP_BYTES) -> None:
        self.folder = str(folder)
        self.cap_bytes = cap_bytes

    # -- writers

    def write(self, hint: Hint) -> bool:
        """Append a hint. False where it was dropped: the folder is full or cannot be written, the disk
        is full, the file is held. Drops are counted in the folder as far as that can be written."""
        try:
            done = self._append(_framed(hint))
        except OSError as error:
            done = False
            if error.errno in (errno.EACCES, errno.EROFS, errno.ENOTDIR):
                return False  # nor could the drop be counted
        if not done:
            self.drop()
        return done

    def drop(self) -> None:
        """Count a hint that was not written."""
        with suppress(OSError), self._writing(_DROPS) as file:
            if os.fstat(file).st_size < _MOST_DROPS:
                os.write(file, b".")

    def _append(self, record: bytes) -> bool:
        with self._writing(_OPEN) as file:
            if os.fstat(file).st_size + len(record) > self.cap_bytes // 2:
                return False
            return os.write(file, record) == len(record)

    @contextmanager
    def _writing(self, kind: str) -> Iterator[int]:
        """The file that is written now, locked against its deletion. Raises OSError."""
        # one file a user: what another user made may be closed to us
        file = self._locked(f"{self.folder}/{kind}{os.geteuid()}")
        try:
            yield file
        finally:
            os.close(file)

    def _locked(self, path: str) -> int:
        for _ in range(3):
            file = self._opened(path)
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                if os.fstat(file).st_nlink:
                    return file
            except BlockingIOError:
                pass  # a reader is about to delete it: there will be a new one
            except BaseException:
                os.close(file)
                raise
            os.close(file)
        raise BlockingIOError(errno.EAGAIN, "the spool is held by a reader")

    def _opened(self, path: str) -> int:
        # not through a link that somebody else laid, and not waiting for the other end of a pipe
        flags = (
            os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        )
        try:
            file = os.open(path, flags, 0o600)
        except FileNotFoundError:
            os.makedirs(self.folder, 0o700, exist_ok=True)  # noqa: PTH103
            file = os.open(path, flags, 0o600)
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            os.close(file)
            raise OSError(errno.EINVAL, f"{path} is no file")
        if not status.st_size and status.st_uid == os.geteuid():
            with suppress(OSError):  # a folder that a group shares has files that it shares
                os.fchmod(file, os.stat(self.folder).st_mode & 0o660)  # noqa: PTH116
        return file

    # -- the reader

    def read(self, clean: Callable[[str], str]) -> Batch:
        """Everything that was written and not acknowledged yet, with every text through `clean` (such as
        `dagnosis.logs.redaction.redact`). An empty batch where there is no spool.

        Raises PermissionError where the folder is closed to us.
        """
        self._take()
        hints: list[Hint] = []
        files: list[tuple[str, int]] = []
        damaged = dropped = 0
        for name in self._names():
            if name.startswith(_TAKEN_DROPS):
                size = self._size(name)
                dropped += size
                files.append((name, size))
            elif name.startswith(_TAKEN):
                with suppress(FileNotFoundError), Path(self.folder, name).open("rb") as file:
                    data = file.read()
                    for line in filter(None, data.split(b"\n")):
                        hint = _parsed(line, clean)
                        if hint is None:
                            damaged += 1
                        else:
                            hints.append(hint)
                    files.append((name, len(data)))
        return Batch(tuple(hints), damaged, dropped, tuple(files))

    def waiting(self) -> bool:
        """Is there a hint to read? Costs a listing of the folder; False where it is closed to us."""
        try:
            names = self._names()
        except PermissionError:
            return False
        return any(name.startswith((_OPEN, _TAKEN)) and self._size(name) for name in names)

    def acknowledge(self, batch: Batch) -> None:
        """Delete what `batch` was read from. What was added since stays, and is read again."""
        for name, size in batch.files:
            path = f"{self.folder}/{name}"
            try:
                file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            except OSError:
                continue  # another reader was faster
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(file).st_size == size:
                    os.unlink(path)  # noqa: PTH108
            except OSError:
                pass  # somebody writes: the next round
            finally:
                os.close(file)

    def _take(self) -> None:
        names = self._names()
        if sum(self._size(name) for name in names if name.startswith(_TAKEN)) > self.cap_bytes // 2:
            return  # first what was taken
        stamp = f"{time.time_ns():020}-{os.getpid()}"
        for kind, taken in ((_OPEN, _TAKEN), (_DROPS, _TAKEN_DROPS)):
            for name in names:
                if name.startswith(kind) and self._size(name):
                    target = f"{self.folder}/{taken}{stamp}-{name[len(kind) :]}"
                    with suppress(OSError):
                        os.rename(f"{self.folder}/{name}", target)  # noqa: PTH104

    def _names(self) -> list[str]:
        try:
            return sorted(os.listdir(self.folder))  # noqa: PTH208
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _size(self, name: str) -> int:
        try:
            return os.stat(f"{self.folder}/{name}", follow_symlinks=False).st_size  # noqa: PTH116
        except OSError:
            return 0


def _framed(hint: Hint) -> bytes:
    """The record of a hint, within `RECORD_BYTES`."""
    body = _encoded(hint)
    for frames, characters in ((8, 1000), (2, 300), (0, 60)):
        if len(body) <= RECORD_BYTES - 16:
            break
        chain = tuple(_reduced(link, frames, characters) for link in hint.chain)
        hint = hint._replace(chain=chain, text=shortened(hint.text, characters * 4))
        body = _encoded(hint)
    if len(body) > RECORD_BYTES - 16:
        body = _encoded(hint._replace(chain=(), text=hint.text[:200], file=hint.file[-500:]))
    return b"\n%08x %b\n" % (crc32(body), body)


def _encoded(hint: Hint) -> bytes:
    """Only what is not empty; ASCII, so that no line end and no lone surrogate stands in it."""
    fields = {key: value for key, value in hint._asdict().items() if value not in ("", ())}
    return json.dumps(fields, separators=(",", ":"), default=str).encode("ascii")


def _reduced(link: dict[str, Any], frames: int, characters: int) -> dict[str, Any]:
    return {
        **link,
        "exc_value": shortened(str(link.get("exc_value", "")), characters),
        "exc_notes": [],
        "frames": list(link.get("frames") or ())[-frames:] if frames else [],
        "exceptions": [
            [_reduced(member, frames, characters) for member in chain]
            for chain in link.get("exceptions") or ()
        ][: frames and 2],
    }


def _parsed(line: bytes, clean: Callable[[str], str]) -> Hint | None:
    """The hint of a line; None for one that is torn, damaged or of no hint."""
    sum_, _, body = line.partition(b" ")
    try:
        if len(sum_) != 8 or int(sum_, 16) != crc32(body):
            return None
        fields = json.loads(body)
        # a newer writer may know more fields
        known = {key: fields[key] for key in Hint._fields if key in fields}
        known["chain"] = tuple(_cleaned(known.get("chain", []), clean))
        known["text"] = clean(str(known.get("text", "")))
        return Hint(**known)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    """Every text below `value` redacted."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item, clean) for item in value]
    if isinstance(value, dict):
        return {key: _cleaned(item, clean) for key, item in value.items()}
    return value
