"""The metadata database is locked while a maintenance task writes."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`airflow variables set` on a locked copy of the database."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="switch_flags",
        bash_command='d=$(mktemp -d); cp $AIRFLOW_HOME/airflow.db $d/meta.db; export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="sqlite:///$d/meta.db?timeout=2"; echo "switching 1 flag"; python3 -c "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute(\'BEGIN EXCLUSIVE\'); time.sleep(90)" $d/meta.db & holder=$!; sleep 1; airflow variables set nightly_export off; code=$?; kill $holder; rm -rf $d; echo "flags left as they were"; exit $code',
    )


FAULT = Fault(
    name="cli_locked",
    family="scheduler_or_metadata_db",
    dag_id="flags_switch",
    cause="the metadata database is locked",
    states="database is locked",
    needs=("sqlite_metadata",),
    accepted=("external_service_error",),
    transience="transient",
    twin=True,
    build=build,
)
