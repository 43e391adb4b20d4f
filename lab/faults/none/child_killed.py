"""A helper process is killed and started again."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """exit code -9 of a child, tolerated."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("etl.helpers")

    @task
    def convert_documents() -> int:
        import subprocess

        first = subprocess.run(["sh", "-c", "kill -9 $$"], check=False)
        log.warning(
            "converter died with exit code %s (SIGKILL), starting it again", first.returncode
        )
        return subprocess.run(["true"], check=True).returncode

    convert_documents()


FAULT = Fault(
    name="child_killed",
    family="none",
    dag_id="documents_convert",
    cause="none: a helper was restarted",
    states=None,
    build=build,
    twin=True,
)
