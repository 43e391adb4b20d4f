"""An Avro record lacks a field."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """fastavro ValueError."""
    from lab.authoring import task

    @task
    def write_avro() -> int:
        import io

        import fastavro

        schema = {
            "type": "record",
            "name": "Payment",
            "fields": [{"name": "id", "type": "long"}, {"name": "iban", "type": "string"}],
        }
        sink = io.BytesIO()
        fastavro.writer(sink, fastavro.parse_schema(schema), [{"id": 1}])
        return sink.tell()

    write_avro()


FAULT = Fault(
    name="avro_schema",
    family="data_error",
    dag_id="payments_avro",
    cause="a record without iban",
    states="no value and no default for iban",
    build=build,
)
