"""The API server stands still while the task runs."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The supervisor's calls time out."""
    import time

    from lab.authoring import task

    @task
    def look_up_settings() -> None:
        from lab.authoring import Variable

        for step in range(25):
            print(f"step {step}: batch {Variable.get('settings_step', default=step)}", flush=True)
            time.sleep(1)

    look_up_settings()


def during(run):
    """Freeze the API server for 80 s."""
    run.wait_for_log("step 2:")
    run.pause_api(80)


FAULT = Fault(
    name="api_frozen",
    family="scheduler_or_metadata_db",
    dag_id="settings_lookup",
    cause="Airflow's API server did not answer",
    states="timed out",
    accepted=("timeout", "network"),
    transience="transient",
    build=build,
    during=during,
    exclusive=True,
)
