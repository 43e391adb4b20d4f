"""The user's own json.dumps meets a datetime."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A JSON error in the user's own code, not in Airflow's XCom."""
    from lab.authoring import task

    @task
    def write_manifest() -> None:
        import json
        from datetime import datetime, timezone

        manifest = {"files": 3, "created": datetime(2026, 11, 24, tzinfo=timezone.utc)}
        print(json.dumps(manifest))

    write_manifest()


FAULT = Fault(
    name="own_json",
    family="code_error",
    dag_id="manifest_write",
    cause="json.dumps of a datetime in user code",
    states="Object of type datetime is not JSON serializable",
    accepted=("serialization_xcom",),
    build=build,
    twin=True,
)
