"""A file name with a byte that is no UTF-8 is returned."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Python reads such a byte as a lone surrogate."""
    from lab.authoring import task

    @task
    def newest_file() -> str:
        return b"rechnung_\xe4.pdf".decode("utf-8", "surrogateescape")

    newest_file()


FAULT = Fault(
    name="return_surrogate",
    family="serialization_xcom",
    dag_id="newest_file",
    cause="a lone surrogate in the return value",
    states="surrogates not allowed",
    accepted=("data_error", "airflow_bug", "code_error"),
    build=build,
)
