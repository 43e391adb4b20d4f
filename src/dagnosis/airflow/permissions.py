"""Who may read what: Airflow's own auth manager decides, for every route of ours.

A user who may not read the task logs of a DAG sees none of its lines, counts or names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import (
    AccessView,
    DagAccessEntity,
    DagDetails,
)
from airflow.models.dag import DagModel
from airflow.utils.session import create_session
from sqlalchemy import select

MAY_READ = DagAccessEntity.TASK_LOGS
"""Our pages quote logs, so whoever may read a DAG's logs may read them."""


def readable(user: Any) -> frozenset[str] | None:
    """The DAGs whose logs the user may read; None where that is all of them and import errors too.

    None also shows what is no DAG of today's (broken files, DAGs that were deleted), so it is given to
    those alone whom nothing is hidden from.
    """
    return _allowed(user, may_read)


def changeable(user: Any) -> frozenset[str] | None:
    """The DAGs of which the user may change task instances; None as in `readable`."""
    return _allowed(user, may_change)


def may_read(user: Any, dag_id: str) -> bool:
    """May the user read the logs of the DAG?"""
    return _may(user, dag_id, "GET", MAY_READ)


def may_change(user: Any, dag_id: str) -> bool:
    """May the user change task instances of the DAG? Who may, may also acknowledge and correct."""
    return may_read(user, dag_id) and _may(user, dag_id, "PUT", DagAccessEntity.TASK_INSTANCE)


def _allowed(user: Any, may: Callable[[Any, str], bool]) -> frozenset[str] | None:
    manager = get_auth_manager()
    with create_session(scoped=False) as session:
        known = set(session.scalars(select(DagModel.dag_id)))
        visible = manager.get_authorized_dag_ids(user=user, method="GET", session=session)
    found = frozenset(dag_id for dag_id in visible if may(user, dag_id))
    errors = manager.is_authorized_view(access_view=AccessView.IMPORT_ERRORS, user=user)
    return None if found >= known and errors else found


def _may(user: Any, dag_id: str, method: str, entity: DagAccessEntity) -> bool:
    team_of = getattr(DagModel, "get_team_name", None)  # Airflow 3.1 has no teams
    details = DagDetails(id=dag_id, **({"team_name": team_of(dag_id)} if team_of else {}))
    return bool(
        get_auth_manager().is_authorized_dag(
            method=method, access_entity=entity, details=details, user=user
        )
    )
