"""A tool writes nothing and ends with 3."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """subprocess with check=True and captured output: its stderr is lost."""
    from lab.authoring import task

    @task
    def call_vendor_tool() -> None:
        import subprocess

        print("calling vendor tool 7.1")
        subprocess.run(
            ["sh", "-c", "echo 'licence file unreadable' >&2; exit 3"],
            check=True,
            capture_output=True,
        )

    call_vendor_tool()


FAULT = Fault(
    name="exit_code_only",
    family="code_error",
    dag_id="vendor_tool",
    cause="a tool ended with 3; its stderr was captured and lost",
    states="returned non-zero exit status 3",
    accepted=("external_service_error", "configuration_error"),
    transience="unknown",
    build=build,
    twin=True,
)
