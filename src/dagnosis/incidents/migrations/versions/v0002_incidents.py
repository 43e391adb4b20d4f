"""Incidents, their occurrences, what happened to them, and what is to be told of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "v0002"
down_revision = "v0001"
branch_labels = None
depends_on = None

CODE = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "known_dag",
        sa.Column("id", CODE, primary_key=True, autoincrement=False),
        sa.Column("dag_id", sa.Text, nullable=False),
    )
    op.create_table(
        "known_task",
        sa.Column("id", CODE, primary_key=True, autoincrement=False),
        sa.Column("dag", sa.BigInteger, nullable=False),
        sa.Column("task_id", sa.Text, nullable=False),
    )
    op.create_index("known_task_name", "known_task", ["task_id"])
    op.create_table(
        "known_run",
        sa.Column("id", CODE, primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.Text, nullable=False),
    )
    op.create_table(
        "wording",
        sa.Column("id", CODE, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("transience", sa.String(10), nullable=False),
        sa.Column("engine", sa.String(10), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("quote", sa.Text, nullable=False),
        sa.Column("quote_line", sa.Integer, nullable=False),
        sa.Column("fix", sa.Text, nullable=False),
        sa.Column("search", sa.Text, nullable=False),
    )
    op.create_index("wording_search", "wording", ["search"])
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("wording", sa.BigInteger, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("muted_until", sa.BigInteger),
        sa.Column("resolved", sa.BigInteger),
        sa.Column("regressed", sa.BigInteger),
        sa.Column("regressions", sa.Integer, nullable=False),
        sa.Column("assignee", sa.Text, nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("tasks", sa.Integer, nullable=False),
        sa.Column("runs", sa.Integer, nullable=False),
        sa.Column("dags", sa.Integer, nullable=False),
        sa.Column("blast", sa.Integer, nullable=False),
        sa.Column("recovered", sa.Integer, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("hour_count", sa.Integer, nullable=False),
        sa.Column("spread", sa.Integer, nullable=False),
        sa.Column("escalated", sa.BigInteger),
        sa.Column("outage", sa.Integer),
        sa.UniqueConstraint("kind", "fingerprint", name="incident_once"),
    )
    op.create_index("incident_last", "incident", ["last_seen", "id"])
    op.create_index("incident_first", "incident", ["first_seen", "id"])
    op.create_index("incident_count", "incident", ["count", "id"])
    op.create_index("incident_dags", "incident", ["dags", "id"])
    op.create_index("incident_state", "incident", ["state", "last_seen"])
    op.create_index("incident_cause", "incident", ["cause", "last_seen"])
    op.create_index("incident_detail", "incident", ["detail", "last_seen"])
    op.create_index(
        "incident_outage",
        "incident",
        ["outage"],
        sqlite_where=sa.text("outage IS NOT NULL"),
        postgresql_where=sa.text("outage IS NOT NULL"),
    )
    op.create_table(
        "incident_dag",
        sa.Column("dag", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column(
            "incident",
            sa.Integer,
            sa.ForeignKey("incident.id", ondelete="CASCADE", name="incident_dag_incident"),
            nullable=False,
            primary_key=True,
        ),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("tasks", sa.Integer, nullable=False),
        sa.Column("runs", sa.Integer, nullable=False),
        sa.Column("blast", sa.Integer, nullable=False),
        sa.Column("recovered", sa.Integer, nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("wording", sa.BigInteger, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("incident_dag_incident", "incident_dag", ["incident"])
    op.create_table(
        "incident_task",
        sa.Column("task", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column(
            "incident",
            sa.Integer,
            sa.ForeignKey("incident.id", ondelete="CASCADE", name="incident_task_incident"),
            nullable=False,
            primary_key=True,
        ),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("greens", sa.Integer, nullable=False),
        sa.Column("green", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    op.create_index("incident_task_incident", "incident_task", ["incident"])
    op.create_table(
        "occurrence",
        sa.Column("run", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("task", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("map_index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("try_number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("what", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column(
            "incident",
            sa.Integer,
            sa.ForeignKey("incident.id", ondelete="CASCADE", name="occurrence_incident"),
            nullable=False,
        ),
        sa.Column("occurred", sa.BigInteger, nullable=False),
        sa.Column("final", sa.SmallInteger, nullable=False),
        sa.Column("found_by", sa.SmallInteger, nullable=False),
        sa.Column("blast", sa.Integer, nullable=False),
        sa.Column("recovered", sa.SmallInteger, nullable=False),
        sa.Column("rest", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
    op.create_index("occurrence_incident", "occurrence", ["incident", "occurred"])
    op.create_index(
        "occurrence_kept",
        "occurrence",
        ["incident", "occurred"],
        sqlite_where=sa.text("rest IS NOT NULL"),
        postgresql_where=sa.text("rest IS NOT NULL"),
    )
    op.create_table(
        "incident_entry",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "incident",
            sa.Integer,
            sa.ForeignKey("incident.id", ondelete="CASCADE", name="incident_entry_incident"),
            nullable=False,
        ),
        sa.Column("occurred", sa.BigInteger, nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("told", sa.SmallInteger, nullable=False),
    )
    op.create_index("incident_entry_incident", "incident_entry", ["incident", "occurred"])
    op.create_index(
        "incident_entry_untold",
        "incident_entry",
        ["id"],
        sqlite_where=sa.text("told = 0"),
        postgresql_where=sa.text("told = 0"),
    )
    op.create_table(
        "incident_change",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "incident",
            sa.Integer,
            sa.ForeignKey("incident.id", ondelete="CASCADE", name="incident_change_incident"),
            nullable=False,
        ),
        sa.Column("dag", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("incident_change_incident", "incident_change", ["incident"])
    op.create_table(
        "outage_sign",
        sa.Column("sign", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("bucket", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("dag", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column(
            "incident",
            sa.Integer,
            sa.ForeignKey("incident.id", ondelete="CASCADE", name="outage_sign_incident"),
            nullable=False,
            primary_key=True,
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("outage_sign_incident", "outage_sign", ["incident"])
    op.create_table(
        "rolled_occurrence",
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("dag", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("cause", sa.String(40), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "watch_place",
        sa.Column("source", sa.String(400), primary_key=True),
        sa.Column("cursor", sa.Text, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(80), nullable=False, unique=True),
        sa.Column("notifier", sa.String(40), nullable=False),
        sa.Column("incident", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("done", sa.BigInteger),
        sa.Column("problem", sa.Text, nullable=False),
    )
    op.create_index("outbox_due", "outbox", ["state", "due"])


def downgrade() -> None:
    """Drop the tables and all that they hold."""
    for name in (
        "outbox",
        "watch_place",
        "rolled_occurrence",
        "outage_sign",
        "incident_change",
        "incident_entry",
        "occurrence",
        "incident_task",
        "incident_dag",
        "incident",
        "wording",
        "known_run",
        "known_task",
        "known_dag",
    ):
        op.drop_table(name)
