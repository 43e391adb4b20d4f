"""A KeyError deep in the user's own package of three layers, wrapped twice."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """An exception chain of `raise … from` with the user's own exception classes."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("acme.pipeline")

    class PipelineError(Exception):
        pass

    class StepFailed(PipelineError):
        def __init__(self, step: str) -> None:
            super().__init__(f"step {step!r} of pipeline 'margin' failed")

    def margin(row: dict) -> float:
        return row["price"] - row["purchase_price"]

    def run_step(rows: list) -> list:
        try:
            return [margin(row) for row in rows]
        except KeyError as error:
            raise ValueError(f"row 2 cannot be used: {error}") from error

    @task
    def compute_margin() -> list:
        rows = [{"price": 2.0, "purchase_price": 1.5}, {"price": 3.0, "cost": 2.0}]
        log.info("3 stages, %d rows, retry budget 0", len(rows))
        try:
            return run_step(rows)
        except ValueError as error:
            log.error("Pipeline failed, see below")
            raise StepFailed("margin") from error

    compute_margin()


FAULT = Fault(
    name="missing_key_deep",
    family="code_error",
    dag_id="margin_daily",
    cause="KeyError on a column name, wrapped twice by the user's own exceptions",
    states="KeyError",
    note="the outermost exception says nothing; the innermost says it",
    accepted=("data_error",),
    build=build,
    twin=True,
)
