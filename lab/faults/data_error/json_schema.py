"""A document breaks its schema."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """jsonschema ValidationError with schema and instance in the message."""
    from lab.authoring import task

    @task
    def validate_event() -> None:
        import jsonschema

        schema = {
            "type": "object",
            "required": ["user_id"],
            "properties": {"user_id": {"type": "integer"}},
        }
        jsonschema.validate({"user_id": "u-17", "error": None}, schema)

    validate_event()


FAULT = Fault(
    name="json_schema",
    family="data_error",
    dag_id="event_validate",
    cause="user_id is no integer",
    states="'u-17' is not of type 'integer'",
    build=build,
)
