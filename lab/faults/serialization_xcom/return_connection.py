"""A task returns something that XCom cannot hold."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The return value is an object of the user's own class."""
    from lab.authoring import task

    class Cursor:
        pass

    @task
    def open_cursor():
        print("cursor open, 403 rows waiting")
        return Cursor()

    open_cursor()


FAULT = Fault(
    name="return_connection",
    family="serialization_xcom",
    dag_id="cursor_open",
    cause="the return value cannot be serialized",
    states="Cannot serialize object of type",
    states_in_2="serializ",
    build=build,
    twin=True,
)
