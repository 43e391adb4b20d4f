"""State as plain data and back: what is stored holds numbers and text, and nothing in it can run."""

from __future__ import annotations

from typing import Any

_ARRAY = "\x00array"


def frozen(value: Any) -> Any:
    """Dictionaries with their arrays as type, shape and bytes."""
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    if hasattr(value, "tobytes"):
        return {_ARRAY: [value.dtype.str, list(value.shape), value.tobytes()]}
    return value


def melted(value: Any) -> Any:
    """The value of which `frozen` made this."""
    import numpy as np

    if not isinstance(value, dict):
        return value
    if _ARRAY in value:
        kind, size, data = value[_ARRAY]
        return np.frombuffer(data, np.dtype(kind)).reshape(size).copy()
    return {key: melted(item) for key, item in value.items()}


def restored(kind: type[Any], state: dict[str, Any]) -> Any:
    """An object of a class with the attributes that were frozen, without calling it."""
    part: Any = object.__new__(kind)
    vars(part).update(melted(state))
    return part
