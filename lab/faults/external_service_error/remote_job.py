"""A remote job fails, and says why in its status."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Polling: RUNNING, RUNNING, FAILED with a state_message."""
    import logging
    import os

    from lab.authoring import task

    log = logging.getLogger("remote.jobs")

    @task
    def run_remote_merge() -> None:
        import time

        import requests

        from lab.authoring import AirflowException

        while True:
            job = requests.get(os.environ["PARTNER_URL"] + "/jobs/0417", timeout=30).json()
            log.info("job %s is %s %s", job["id"], job["state"], job["progress"])
            if job["state"] == "FAILED":
                raise AirflowException(f"Job {job['id']} failed: {job['state_message']}")
            time.sleep(0.5)

    run_remote_merge()


FAULT = Fault(
    name="remote_job",
    family="external_service_error",
    dag_id="remote_merge",
    cause="the remote job lost its workers",
    states="worker pool eu-west1-b lost quorum",
    transience="transient",
    build=build,
    needs=("web",),
    twin=True,
)
