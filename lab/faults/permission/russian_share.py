"""A Russian message says that access to the share is denied."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A message in Russian."""
    from lab.authoring import task

    @task
    def copy_reports_ru() -> None:
        print("Копирование отчётов: 12 файлов, ошибок: 0")
        raise OSError("Отказано в доступе к каталогу //fs01/reports: обратитесь к администратору")

    copy_reports_ru()


FAULT = Fault(
    name="russian_share",
    family="permission",
    dag_id="reports_ru",
    cause="access denied, in Russian",
    states="Отказано в доступе",
    build=build,
)
