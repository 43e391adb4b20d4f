"""Everything goes to stderr, which Airflow logs as errors."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Progress bars and INFO lines on stderr."""
    from lab.authoring import task

    @task
    def download_models() -> None:
        import sys

        for percent in range(0, 101, 4):
            print(
                f"\rdownloading weights: {percent:3d}%|{'#' * (percent // 4):<25}| eta 0:0{percent % 9}",
                file=sys.stderr,
            )
        print("INFO:root:done, 0 errors, 1 retry (timeout=30)", file=sys.stderr)

    download_models()


FAULT = Fault(
    name="stderr_chatter",
    family="none",
    dag_id="models_download",
    cause="none: stderr chatter",
    states=None,
    build=build,
    twin=True,
)
