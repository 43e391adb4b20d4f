"""Failures, their diagnoses, and what users said of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "failure",
        sa.Column("fingerprint", sa.String(16), primary_key=True),
        sa.Column("vector", sa.LargeBinary),
        sa.Column("vector_version", sa.Integer, nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("failure_seen", "failure", ["seen"])
    op.create_table(
        "diagnosis",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column(
            "fingerprint",
            sa.String(16),
            sa.ForeignKey("failure.fingerprint", name="diagnosis_failure"),
            nullable=False,
        ),
        sa.Column("dag_id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("task_id", sa.Text, nullable=False),
        sa.Column("map_index", sa.Integer, nullable=False),
        sa.Column("try_number", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("transience", sa.String(10), nullable=False),
        sa.Column("engine", sa.String(10), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("lines", sa.Text, nullable=False),
        sa.Column("occurred", sa.DateTime(timezone=True), nullable=False),
        sa.Column("diagnosed", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("diagnosis_fingerprint", "diagnosis", ["fingerprint", "occurred"])
    op.create_index("diagnosis_dag", "diagnosis", ["dag_id", "task_id"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "diagnosis_id",
            sa.String(16),
            sa.ForeignKey("diagnosis.id", ondelete="CASCADE", name="feedback_diagnosis"),
            nullable=False,
        ),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("given", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("diagnosis_id", "who", name="feedback_once_a_user"),
    )


def downgrade() -> None:
    """Drop the tables and all that was remembered."""
    op.drop_table("feedback")
    op.drop_table("diagnosis")
    op.drop_table("failure")
