"""The metadata database takes no more connections of the role."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`airflow db check` with too many connections."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="audit_pools",
        bash_command='for n in 1 2; do PGPASSWORD=tiny-2026 psql -h 127.0.0.1 -p $DWH_PORT -U tiny -d postgres -qc "select pg_sleep(100)" & done; sleep 1; AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://tiny:tiny-2026@127.0.0.1:$DWH_PORT/postgres airflow db check; code=$?; kill %1 %2; echo "pools: audit not done"; exit $code',
    )


FAULT = Fault(
    name="meta_connections",
    family="scheduler_or_metadata_db",
    dag_id="pools_audit",
    cause="the metadata database has no connection left for Airflow (53300)",
    states="too many connections for role",
    needs=("postgres", "psql"),
    accepted=("rate_limit_quota", "external_service_error"),
    transience="transient",
    build=build,
)
