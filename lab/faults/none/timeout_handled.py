"""A subprocess times out and is done without."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """TimeoutExpired logged with a traceback, then success."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("etl.preview")

    @task
    def render_previews() -> int:
        import subprocess

        try:
            subprocess.run(["sleep", "9"], timeout=1, check=True)
        except subprocess.TimeoutExpired:
            log.exception("preview of page 3 left out")
        return 11

    render_previews()


FAULT = Fault(
    name="timeout_handled",
    family="none",
    dag_id="previews_render",
    cause="none: a handled timeout",
    states=None,
    build=build,
)
