"""pandas needs an optional dependency."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ImportError: Missing optional dependency 'xlrd'."""
    from lab.authoring import task

    @task
    def read_old_workbook() -> None:
        import io

        import pandas

        pandas.read_excel(
            io.BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000)), engine="xlrd"
        )

    read_old_workbook()


FAULT = Fault(
    name="optional_pandas",
    family="missing_dependency",
    dag_id="workbook_old",
    cause="xlrd is not installed",
    states="`Import xlrd` failed",
    build=build,
)
