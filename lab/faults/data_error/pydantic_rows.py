"""Two fields of a record are wrong."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """pydantic ValidationError over several lines."""
    from lab.authoring import task

    @task
    def validate_customers() -> int:
        from pydantic import BaseModel

        class Customer(BaseModel):
            id: int
            email: str
            age: int

        rows = [
            {"id": 1, "email": "a@example.org", "age": 44},
            {"id": "x7", "email": None, "age": 31},
        ]
        return len([Customer(**row) for row in rows])

    validate_customers()


FAULT = Fault(
    name="pydantic_rows",
    family="data_error",
    dag_id="customers_validate",
    cause="a record with two invalid fields",
    states="2 validation errors for Customer",
    build=build,
)
