"""Too many open files."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """EMFILE under RLIMIT_NOFILE."""
    from lab.authoring import task

    @task
    def open_shards() -> None:
        import resource
        import tempfile

        resource.setrlimit(resource.RLIMIT_NOFILE, (96, 96))
        handles = [tempfile.TemporaryFile() for _ in range(200)]
        print(len(handles))

    open_shards()


FAULT = Fault(
    name="open_files",
    family="rate_limit_quota",
    dag_id="shards_open",
    cause="limit of 96 open files",
    states="Too many open files",
    accepted=("code_error", "configuration_error"),
    transience="unknown",
    build=build,
    twin=True,
)
