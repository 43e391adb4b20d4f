"""A Latin-1 file read as UTF-8."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """UnicodeDecodeError."""
    from lab.authoring import task

    @task
    def import_addresses() -> str:
        content = "Straße;Köln\nRue Saint-Honoré;Paris\n".encode("latin-1")
        return content.decode("utf-8")

    import_addresses()


FAULT = Fault(
    name="wrong_encoding",
    family="data_error",
    dag_id="address_import",
    cause="Latin-1 bytes decoded as UTF-8",
    states="codec can't decode byte 0xdf",
    build=build,
    twin=True,
)
