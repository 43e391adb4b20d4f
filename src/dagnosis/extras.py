"""The extra `learn`: scikit-learn, scipy and skops, more than all else that dagnosis installs.

They train forecasts, read the trees of trained ones, and find rows that are unlike the others as a
whole. What answers from logs, profiles and the shipped models goes without them.
"""

from __future__ import annotations

from importlib.util import find_spec

from dagnosis.errors import MissingExtra

LEARN = "pip install 'dagnosis[learn]'"
_LIBRARIES = {"scikit-learn": "sklearn", "scipy": "scipy", "skops": "skops"}


def lacking() -> tuple[str, ...]:
    """The libraries of `learn` that are not installed, by their names for pip; none is imported."""
    return tuple(name for name, module in _LIBRARIES.items() if find_spec(module) is None)


def need_learn(what: str) -> None:
    """Raise `MissingExtra` that says how to install what `what`, named first, lacks of `learn`."""
    missing = lacking()
    if missing:
        raise MissingExtra(f"{what}: needs {', '.join(missing)}; run {LEARN}")
