"""An order names a customer that is not there yet."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 23503 wrapped by SQLAlchemy's IntegrityError."""
    import os

    from lab.authoring import task

    @task
    def insert_order_rows() -> None:
        import sqlalchemy

        url = os.environ["DWH_DSN"].replace("postgresql:", "postgresql+psycopg2:")
        engine = sqlalchemy.create_engine(url)
        with engine.begin() as connection:
            connection.execute(
                sqlalchemy.text("INSERT INTO orders VALUES (:id, :customer, 7.5, :day)"),
                [{"id": 31, "customer": 999, "day": "2026-11-24"}],
            )

    insert_order_rows()


FAULT = Fault(
    name="foreign_key",
    family="data_error",
    dag_id="orders_insert",
    cause="foreign key violation through SQLAlchemy (23503)",
    states="violates foreign key constraint",
    build=build,
    needs=("postgres",),
    twin=True,
)
