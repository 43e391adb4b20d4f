"""Spark's error conditions: reviewed rows of `spark.tsv`, else what their SQLSTATE says."""

from __future__ import annotations

from functools import cached_property

from msgspec.structs import replace

from dagnosis.logs.causes.tables.table import HERE, Table, TableHit

_MOST = 4.8
"""Weight of a condition that is known by its SQLSTATE alone."""


class SparkTable(Table):
    """`spark.tsv`, and below it all conditions of `spark_conditions.tsv`."""

    @cached_property
    def states(self) -> dict[str, str]:
        """Condition -> its SQLSTATE."""
        body = (HERE / "spark_conditions.tsv").read_text("utf-8").partition("\n\n")[2]
        lines = (line.partition("\t") for line in body.splitlines())
        return {name: state for state, _, names in lines for name in names.split("|")}

    @cached_property
    def _sqlstates(self) -> Table:
        return Table(HERE / "sqlstate.tsv")

    def get(self, code: str) -> TableHit | None:
        """The reviewed row, or the derived one; "A.B" is condition A with its sub-condition B."""
        condition = code.partition(".")[0]
        reviewed = super().get(code) or super().get(condition)
        if reviewed or condition not in self.states:
            return reviewed
        state = self.states[condition]
        row = self._sqlstates.get(state) or self._sqlstates.get(state[:2])
        if row is None:
            return None
        text = row.name.rpartition(": ")[2].rpartition("(class) ")[2]
        return replace(
            row,
            table=self.name,
            code=condition,
            name=f"Spark {condition}: {text}",
            weight=min(row.weight, _MOST),
        )
