"""Four uploads fail for the same reason, reported as a group."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """An ExceptionGroup with nested groups; all members say `refused`."""
    from lab.authoring import task

    @task
    def upload_everywhere() -> None:
        import socket

        problems = []
        for region in ("eu", "us", "ap"):
            try:
                socket.create_connection(("127.0.0.1", 9), timeout=1)
            except OSError as error:
                error.add_note(f"region {region}, attempt 3 of 3")
                problems.append(error)
        raise ExceptionGroup("3 of 3 regions failed", [ExceptionGroup("uploads", problems)])

    upload_everywhere()


FAULT = Fault(
    name="group_mixed",
    family="network",
    dag_id="regions_upload",
    cause="connection refused in all regions",
    states="Connection refused",
    accepted=("external_service_error",),
    transience="transient",
    build=build,
)
