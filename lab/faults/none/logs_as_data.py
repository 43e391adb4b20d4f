"""The data that is processed are error logs."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Rows with tracebacks and HTTP 500 in them, printed as data."""
    from lab.authoring import task

    @task
    def classify_app_logs() -> int:
        rows = [
            "2026-11-24 03:11:09 ERROR app: java.lang.OutOfMemoryError: Java heap space",
            '2026-11-24 03:12:10 FATAL db: password authentication failed for user "web"',
            "Traceback (most recent call last):",
            '  File "app.py", line 3, in <module>',
            "ModuleNotFoundError: No module named 'flask'",
            'GET /cart HTTP/1.1" 500 1243',
        ]
        for row in rows:
            print(f"classified as noise: {row}")
        return len(rows)

    classify_app_logs()


FAULT = Fault(
    name="logs_as_data",
    family="none",
    dag_id="app_logs_classify",
    cause="none: errors are the data",
    states=None,
    build=build,
    twin=True,
)
