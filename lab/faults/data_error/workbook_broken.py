"""An xlsx file is no zip file."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """BadZipFile from openpyxl."""
    from lab.authoring import task

    @task
    def read_workbook() -> int:
        import io

        import pandas

        return len(pandas.read_excel(io.BytesIO(b"id;amount\n1;2\n"), engine="openpyxl"))

    read_workbook()


FAULT = Fault(
    name="workbook_broken",
    family="data_error",
    dag_id="workbook_read",
    cause="a CSV file named .xlsx",
    states="File is not a zip file",
    build=build,
)
