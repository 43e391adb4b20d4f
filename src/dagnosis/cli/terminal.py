"""What all commands share: one line on stderr, JSON on stdout, sources of logs, progress bars."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dagnosis.errors import UnreadableInput

if TYPE_CHECKING:
    from dagnosis.logs.reading import Limits, LogText

T = TypeVar("T")
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def complain(message: object) -> None:
    """One line on stderr."""
    click.echo(f"dagnosis: {message}", err=True)


def sources(files: Iterable[str]) -> Iterator[Path | UnreadableInput | None]:
    """The logs to read; None is standard input, an error stands for a folder without logs."""
    from dagnosis.logs.reading import find_logs

    for name in files:
        if name == "-":
            yield None
            continue
        found = list(find_logs([Path(name)]))
        if found:
            yield from found
        else:
            yield UnreadableInput(f"{name}: no logs in this folder")


def read(source: Path | None, limits: Limits | None = None) -> LogText:
    """The log at a path; of standard input for None."""
    from dagnosis.logs.reading import read_path, read_stream

    if source is None:
        return read_stream(sys.stdin.buffer, "<stdin>", limits)
    return read_path(source, limits)


def progress(items: Sequence[T], wanted: bool = True, what: str = "Reading logs") -> Iterable[T]:
    """The items behind a progress bar, where one is wanted and can be seen."""
    if not wanted or not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, what, console=Console(stderr=True), transient=True)


def opened(path: Path, mode: str) -> Any:
    """The open file. Raises `UnreadableInput` that names it."""
    try:
        return path.open(mode)
    except OSError as error:
        raise UnreadableInput(f"{path}: {(error.strerror or str(error)).lower()}") from None


def print_json(value: object) -> None:
    """One line of JSON on stdout."""
    import msgspec

    click.echo(msgspec.json.encode(value).decode())


@contextmanager
def showing(what: str) -> Iterator[Callable[[float, str], None]]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda share, doing: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share, doing: bar.update(task, completed=share, description=f"{what}: {doing}")
