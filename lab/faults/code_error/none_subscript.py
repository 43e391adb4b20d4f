"""A lookup gives None for one country, and the code indexes it."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Currency rates by country, the way a mapping table is used in a hurry."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("etl.rates")

    @task
    def convert_amounts() -> float:
        rates = {"DE": {"EUR": 1.0}, "CH": {"CHF": 0.94}}
        total = 0.0
        for country, amount in [("DE", 20.0), ("CH", 11.5), ("LI", 3.0)]:
            log.info("Converting %s (%s errors so far, timeout=30)", country, 0)
            rate = rates.get(country)
            total += amount * rate["EUR" if country == "DE" else "CHF"]
        return total

    convert_amounts()


FAULT = Fault(
    name="none_subscript",
    family="code_error",
    dag_id="currency_conversion",
    cause="the code indexes the None that dict.get gave",
    states="'NoneType' object is not subscriptable",
    accepted=("data_error",),
    build=build,
    twin=True,
)
