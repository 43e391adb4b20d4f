"""DuckDB has no room to spill."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """IO Error while a sort spills."""
    import os

    from lab.authoring import task

    @task
    def rank_windows() -> int:
        import duckdb

        base = duckdb.connect()
        base.execute(f"SET temp_directory='{os.environ['SCRATCH_DIR']}/spill'")
        base.execute("SET memory_limit='30MB'; SET threads=1")
        rows = base.execute(
            "SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY hash(n)) r, n FROM range(8000000) t(n)) WHERE r % 2 = 0"
        ).fetchone()
        return rows[0]

    rank_windows()


FAULT = Fault(
    name="duckdb_spill",
    family="disk_full",
    dag_id="windows_rank",
    cause="no space left for a spill of DuckDB",
    states="failed to offload data block of size",
    note="it is called an out-of-memory error; the limit is the free disk",
    needs=("mounts",),
    accepted=("out_of_memory",),
    build=build,
)
