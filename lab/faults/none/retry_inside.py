"""Two attempts inside the task fail with 503, the third succeeds."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """WARNING and ERROR for each failed attempt."""
    import logging
    import os

    from lab.authoring import task

    log = logging.getLogger("etl.partner")

    @task
    def fetch_with_patience() -> int:
        import time

        import requests

        url = f"{os.environ['PARTNER_URL']}/flaky/patience-{os.getpid()}/2"
        for attempt in range(1, 5):
            answer = requests.get(url, timeout=30)
            if answer.ok:
                rows = len(answer.json()["rows"])
                log.info("attempt %d: %d rows, 0 errors", attempt, rows)
                return rows
            log.error("attempt %d failed: HTTP %s %s", attempt, answer.status_code, answer.text)
            time.sleep(0.2)
        raise RuntimeError("gave up")

    fetch_with_patience()


FAULT = Fault(
    name="retry_inside",
    family="none",
    dag_id="patient_fetch",
    cause="none: retries inside the task succeed",
    states=None,
    build=build,
    needs=("web",),
    twin=True,
)
