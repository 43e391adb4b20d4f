"""Picks the samples that the package bundles out of corpora: `python -m lab.bundle CORPUS DEST`.

They lie in Airflow's own layout, `dag_id=…/run_id=…/task_id=…/[map_index=…/]attempt=N.log`; a log
of more than 200 kB is compressed. README.md of DEST says what each one is.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sys
from pathlib import Path
from typing import Any

CHOICE: dict[str, tuple[str, ...]] = {
    "3": (
        "missing_key_deep",
        "finally_hides",
        "group_of_members",
        "java_lookup",
        "spark_udf",
        "long_log_middle",
        "foreign_key",
        "failing_callback",
        "dbt_test",
        "pip_index_refused",
        "node_bad_gateway",
        "http_429",
        "aws_denied",
        "japanese_token",
        "table_missing",
        "connection_missing",
        "memory_error",
        "tiny_disk",
        "killed_from_outside",
        "return_connection",
        "failed_by_user",
        "error_text_in_success",
        "java_failover",
    ),
    "2": (
        "duplicate_key",
        "command_in_script",
        "execution_timeout",
        "refused",
        "pandas_append",
        "template_undefined",
        "retry_inside",
    ),
}
"""Major version of Airflow -> faults; the mix that teaches most in 30 logs."""

LARGE = 200_000
"""Bytes from which a log is compressed."""

_HEAD = """\
# Bundled samples

Real logs of real task tries, for `dagnosis demo`, documentation and tests. They were written by
Apache Airflow {versions} on {date}, in runs of DAGs that fail on purpose (or succeed noisily),
with LocalExecutor (3) and SequentialExecutor (2) on SQLite:

```
python -m lab --out corpus --airflow 3 --run-id {run_id} --only NAME …
python -m lab --out corpus --airflow 2 --run-id {run_id} --only NAME …
python -m lab.bundle corpus src/dagnosis/samples
```

The logs are as Airflow wrote them; only paths and the host name of the machine were replaced
(`/opt/airflow`, `/mnt`, `/opt/tools`, `/usr/local`, `worker-1`). The services in them (partner
APIs, AWS) are loopback servers of the lab, databases and tools are real, the Go panic of
rows_replicate is printed by a script. Names, keys and passwords are invented. The layout is that of Airflow's log folder. Line numbers are 1-based.

| DAG and task | Airflow | family | what was injected | line |
| --- | --- | --- | --- | --- |
"""


def main() -> int:
    """Write the samples; 1 where the corpus lacks one."""
    parser = argparse.ArgumentParser(prog="python -m lab.bundle", description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("destination", type=Path)
    given = parser.parse_args()
    text = (given.corpus / "index.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    chosen, missing = _choose(rows)
    for old in given.destination.glob("dag_id=*"):
        shutil.rmtree(old)
    for row in chosen:
        _copy(given.corpus / row["file"], given.destination / _place(row))
    (given.destination / "README.md").write_text(_readme(chosen), encoding="utf-8")
    for name in missing:
        print(f"not in the corpus: {name}", file=sys.stderr)
    return 1 if missing else 0


def _choose(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """The first labelled try of each chosen fault, and the faults that have none."""
    chosen, missing = [], []
    for major, names in CHOICE.items():
        for name in names:
            tries = [
                row
                for row in rows
                if row["fault"] == name
                and row["airflow_version"].startswith(f"{major}.")
                and not row["cause"].startswith("none: a task of the same DAG")
            ]
            if tries:
                chosen.append(tries[0])
            else:
                missing.append(f"{name} under Airflow {major}")
    return chosen, missing


def _place(row: dict[str, Any]) -> Path:
    place = Path(f"dag_id={row['dag_id']}") / f"run_id={row['run_id']}"
    place /= f"task_id={row['task_id']}"
    if row["map_index"] >= 0:
        place /= f"map_index={row['map_index']}"
    return place / f"attempt={row['try_number']}.log"


def _copy(log: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    content = log.read_bytes()
    if len(content) < LARGE:
        place.write_bytes(content)
    else:
        # No time stamp: the same log gives the same bytes.
        place.with_name(place.name + ".gz").write_bytes(gzip.compress(content, 9, mtime=0))


def _readme(rows: list[dict[str, Any]]) -> str:
    versions = sorted({row["airflow_version"] for row in rows}, reverse=True)
    run_id = rows[0]["run_id"]
    head = _HEAD.format(versions=" and ".join(versions), date=run_id[-10:], run_id=run_id)
    lines = [
        f"| {row['dag_id']}, {row['task_id']} | {row['airflow_version']} | {row['family']} "
        f"| {row['cause'].replace('|', '/')} | {row['evidence_line'] or '–'} |"
        for row in sorted(rows, key=lambda row: (row["family"], row["dag_id"]))
    ]
    return head + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
