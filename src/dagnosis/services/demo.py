"""The demo: the bundled logs of real tries, diagnosed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import msgspec

from dagnosis.logs.reading import find_logs
from dagnosis.model import Diagnosis
from dagnosis.services.explain import explain


def answers() -> Iterator[Diagnosis]:
    """A diagnosis for each bundled log, in order of path; `id` is the path below the samples."""
    with as_file(files("dagnosis") / "samples") as folder:
        for path in find_logs([Path(folder)]):
            yield msgspec.structs.replace(explain(path), id=str(path.relative_to(folder)))
