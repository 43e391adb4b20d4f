"""A tool's stderr is put into the message."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """CalledProcessError is swallowed, the text of stderr is raised."""
    from lab.authoring import task

    @task
    def concatenate_parts() -> bytes:
        import subprocess

        done = subprocess.run(
            ["cat", "/srv/parts/part-00", "/srv/parts/part-01"], capture_output=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"cat failed ({done.returncode}):\n{done.stderr.decode()}")
        return done.stdout

    concatenate_parts()


FAULT = Fault(
    name="captured_stderr",
    family="resource_not_found",
    dag_id="parts_concatenate",
    cause="two input files are missing",
    states="/srv/parts/part-00: No such file or directory",
    transience="unknown",
    build=build,
    twin=True,
)
