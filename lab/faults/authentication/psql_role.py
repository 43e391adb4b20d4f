"""psql connects as a role that does not exist."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """FATAL: password authentication failed for user (role is missing)."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="vacuum_tables",
        bash_command='for t in orders stock; do echo "vacuum $t"; '
        'PGPASSWORD=x psql -h 127.0.0.1 -p $DWH_PORT -U maintenance -d dwh -c "VACUUM $t" || failed=1; done; '
        "echo 'vacuum: 2 tables visited'; exit ${failed:-0}",
    )


FAULT = Fault(
    name="psql_role",
    family="authentication",
    dag_id="tables_vacuum",
    cause="the role does not exist or its password is wrong (28P01)",
    states='password authentication failed for user "maintenance"',
    accepted=("configuration_error",),
    build=build,
    needs=("postgres", "psql"),
    twin=True,
)
