"""A gzip file is not one."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """BadGzipFile."""
    from lab.authoring import task

    @task
    def unpack_feed() -> int:
        import gzip
        import io

        return len(gzip.open(io.BytesIO(b"<html><body>Not found</body></html>")).read())

    unpack_feed()


FAULT = Fault(
    name="gzip_broken",
    family="data_error",
    dag_id="feed_unpack",
    cause="HTML saved as .gz",
    states="Not a gzipped file",
    build=build,
    twin=True,
)
