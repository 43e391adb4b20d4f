"""A file is immutable."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """EPERM: Operation not permitted, in Python."""
    from lab.authoring import task

    @task
    def rotate_report() -> None:
        import os
        import subprocess
        from pathlib import Path

        path = Path(os.environ["LANDING_DIR"]) / "report-final.csv"
        path.write_text("id\n")
        subprocess.run(["chattr", "+i", path], check=True)
        try:
            path.unlink()
        finally:
            subprocess.run(["chattr", "-i", path], check=True)

    rotate_report()


FAULT = Fault(
    name="immutable_file",
    family="permission",
    dag_id="report_rotate",
    cause="immutable file",
    states="Operation not permitted",
    build=build,
    needs=("root", "chattr"),
)
