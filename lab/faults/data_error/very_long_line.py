"""One line of a million characters holds the cause."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A validation error with the whole payload in its message."""
    from lab.authoring import task

    @task
    def validate_payload() -> None:
        rows = ",".join(f'{{"id":{n},"amount":{n}.5,"error":null}}' for n in range(12000))
        payload = f"[{rows}]"
        raise ValueError(f"payload={payload} rejected: field 'currency' is required in item 0")

    validate_payload()


FAULT = Fault(
    name="very_long_line",
    family="data_error",
    dag_id="payload_validate",
    cause="a required field is missing",
    states="field 'currency' is required",
    note="about 450,000 characters stand before the statement in the same line",
    build=build,
    twin=True,
)
