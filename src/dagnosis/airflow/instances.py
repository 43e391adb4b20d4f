"""What a task instance or run of Airflow is, without asking a database."""

from __future__ import annotations

from typing import Any


def ids_of(instance: Any) -> dict[str, Any]:
    """The ids that are loaded: dag_id, run_id, task_id, map_index, try_number, state.

    `vars` rather than attributes: one that an ORM object has not loaded opens a session, and in the
    scheduler's hooks that ends the scheduler. What is not there is "", -1 or 0.
    """
    try:
        loaded = vars(instance)
    except TypeError:
        loaded = {}
    state = loaded.get("state") or loaded.get("_state")
    return {
        "dag_id": _text(loaded.get("dag_id")),
        "run_id": _text(loaded.get("run_id")),
        "task_id": _text(loaded.get("task_id")),
        "map_index": _whole(loaded.get("map_index"), -1),
        "try_number": _whole(loaded.get("try_number"), 0),
        "state": _text(getattr(state, "value", state)),
    }


def _text(value: Any) -> str:
    return value[:1000] if isinstance(value, str) else ""


def _whole(value: Any, default: int) -> int:
    return value if isinstance(value, int) else default
