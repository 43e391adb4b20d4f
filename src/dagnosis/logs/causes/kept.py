"""Values that cost more to compute than to read: kept in the user's cache folder as JSON.

Nothing depends on them: a file that is missing, damaged or cannot be written is computed anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import msgspec

T = TypeVar("T")


def kept(name: str, digest: str, kind: type[T], make: Callable[[], T]) -> T:
    """The value kept as `<name>-<digest>`, of the type `kind`, or what `make` gives.

    A value of another digest is an older one of the same name, and removed.
    """
    import platformdirs

    file = platformdirs.user_cache_path("dagnosis") / f"{name}-{digest}.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        value = make()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        for old in file.parent.glob(f"{name}-*"):
            old.unlink()
        part = file.with_suffix(f".{os.getpid()}")
        part.write_bytes(msgspec.json.encode(value))
        part.replace(file)
    except OSError:
        pass
    return value
