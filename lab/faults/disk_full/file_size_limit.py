"""A file exceeds the process's size limit."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """EFBIG under RLIMIT_FSIZE."""
    from lab.authoring import task

    @task
    def write_big_extract() -> None:
        import resource
        import signal
        import tempfile

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
        with tempfile.TemporaryFile() as sink:
            for _ in range(64):
                sink.write(bytes(65536))

    write_big_extract()


FAULT = Fault(
    name="file_size_limit",
    family="disk_full",
    dag_id="big_extract",
    cause="file larger than RLIMIT_FSIZE",
    states="File too large",
    accepted=("rate_limit_quota", "configuration_error"),
    build=build,
)
