"""The cause is a field of JSON inside of JSON."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A remote validator's answer, escaped twice."""
    import json

    from lab.authoring import task

    @task
    def submit_batch() -> None:
        inner = json.dumps(
            {"violations": [{"row": 403, "rule": "iban", "text": "IBAN checksum is wrong"}]}
        )
        outer = json.dumps({"status": "REJECTED", "retryable": False, "detail": inner})
        raise RuntimeError(f"batch 88213 was not accepted: {outer}")

    submit_batch()


FAULT = Fault(
    name="nested_json_message",
    family="data_error",
    dag_id="batch_submit",
    cause="a row broke a rule of the receiver",
    states="IBAN checksum is wrong",
    accepted=("external_service_error",),
    build=build,
    twin=True,
)
