"""The final exception only says that the job failed; an INFO line says why."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The cause is logged at INFO, between lines that sound worse."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("engine")

    @task
    def run_rules() -> None:
        log.error("rule cache miss rate 12 %")
        log.warning("replica lag 14 s, timeout=30, retrying reads elsewhere")
        log.info("rule 17 raised NameError: name 'thresold' is not defined")
        for rule in range(18, 60):
            log.info("rule %d evaluated, 0 errors", rule)
        log.error("1 of 60 rules failed")
        raise RuntimeError("rule run failed, see log above")

    run_rules()


FAULT = Fault(
    name="see_log_above",
    family="code_error",
    dag_id="rules_run",
    cause="a misspelt name in a rule",
    states="name 'thresold' is not defined",
    note="the cause stands at level INFO; ERROR and WARNING lines around it are harmless",
    build=build,
    twin=True,
)
