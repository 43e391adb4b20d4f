"""One line of a CSV file has a field too many."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """pandas ParserError; the line number 403 is not an HTTP status."""
    from lab.authoring import task

    @task
    def parse_prices() -> int:
        import io

        import pandas

        lines = [f"{n};{n * 2};ok" for n in range(401)] + ["402;7;ok;late;extra"]
        return len(pandas.read_csv(io.StringIO("\n".join(["id;price;flag", *lines])), sep=";"))

    parse_prices()


FAULT = Fault(
    name="ragged_csv",
    family="data_error",
    dag_id="prices_parse",
    cause="a line with more fields than the header",
    states="Expected 3 fields in line 403, saw 5",
    note="line 403 is not HTTP 403",
    build=build,
    twin=True,
)
