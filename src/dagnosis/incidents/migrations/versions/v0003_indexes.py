"""Indexes: members of an outage by their beginning, and what happened in DAGs by time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0003"
down_revision = "v0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    _outage("outage", "first_seen")
    op.create_index("incident_dag_last", "incident_dag", ["last_seen", "incident", "dag"])
    op.create_index("incident_dag_first", "incident_dag", ["first_seen", "incident", "dag"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("incident_dag_first", "incident_dag")
    op.drop_index("incident_dag_last", "incident_dag")
    _outage("outage")


def _outage(*columns: str) -> None:
    members = sa.text("outage IS NOT NULL")
    op.drop_index("incident_outage", "incident")
    op.create_index(
        "incident_outage",
        "incident",
        columns,
        sqlite_where=members,
        postgresql_where=members,
    )
