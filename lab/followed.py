"""`python -m lab.followed --out DIR`: does `dagnosis watch` find every failure of the lab, once, soon?

Runs faults in a real Airflow 3 with the plugin, `dagnosis watch` beside it, and compares what the watch
told with what the metadata database holds afterwards. DIR gets `followed.json` (the figures),
`watch.jsonl` (each line of the watch, with the time at which it came) and the lab's corpus.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeAlias

from lab.deployment import Deployment
from lab.fault import Fault
from lab.runner import Laboratory, Plan

PASSWORD = "lab-loopback-4711"
SOON = 60.0
"""Seconds within which a failure is to become an incident."""
PATIENCE = 120.0
"""Seconds that the watch is given after the last run."""
FAILED = ("failed", "up_for_retry")
Key: TypeAlias = tuple[str, str, str, int, int]


class Follower:
    """`dagnosis watch --json` as a process of its own, and what it told when."""

    def __init__(self, out: Path, feed: str) -> None:
        self.out = out
        self.feed = feed
        self.told: list[tuple[float, dict[str, Any]]] = []

    @contextmanager
    def beside(self, deployment: Deployment) -> Iterator[None]:
        """The watch while the lab runs."""
        command = [sys.executable, "-m", "dagnosis", "watch", "--json"]
        with (self.out / "watch.err").open("wb") as errors:
            process = subprocess.Popen(
                command, env=self.environment(deployment), stdout=subprocess.PIPE, stderr=errors,
                text=True,
            )  # fmt: skip
        reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        reader.start()
        try:
            yield
            self._wait()
        finally:
            process.terminate()
            process.wait(30)
            reader.join(5)

    def environment(self, deployment: Deployment) -> dict[str, str]:
        """What the watch is told: where Airflow, its logs and its hints are."""
        where = {"DAGNOSIS_AIRFLOW_DATABASE": deployment.metadata.url.replace("+psycopg2", "")}
        if self.feed == "api":
            where = {
                "DAGNOSIS_AIRFLOW_URL": f"http://127.0.0.1:{deployment.ports.api}",
                "DAGNOSIS_AIRFLOW_USER": "admin",
                "DAGNOSIS_AIRFLOW_PASSWORD_ENV": "LAB_PASSWORD",
                "LAB_PASSWORD": deployment.password,
            }
        else:
            where["DAGNOSIS_AIRFLOW_LOGS"] = str(deployment.logs)
        return {
            **os.environ,
            **where,
            "DAGNOSIS_STORE": str(self.out / "store.db"),
            "DAGNOSIS_SPOOL": str(deployment.home / "dagnosis" / "spool"),
        }

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with (self.out / "watch.jsonl").open("w", encoding="utf-8") as kept:
            for line in process.stdout:
                now = time.time()
                self.told.append((now, json.loads(line)))
                kept.write(json.dumps({"came": now, **json.loads(line)}) + "\n")

    def _wait(self) -> None:
        """Until the watch has said nothing for a while."""
        deadline = time.monotonic() + PATIENCE
        before, quiet = len(self.told), 0
        while time.monotonic() < deadline and quiet < 60:
            time.sleep(1)
            quiet = quiet + 1 if len(self.told) == before else 0
            before = len(self.told)


def main() -> int:
    """Run and compare; 0 when every failed try was told once within a minute, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m lab.followed", description=__doc__)
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder for the figures and the corpus")
    add("--python", type=Path, required=True, help="Python with Airflow 3 and dagnosis installed")
    add("--tools", type=Path, default=Path("lab-env/tools"), help="dbt, moto and spark")
    add("--feed", choices=("database", "api"), default="database", help="what the watch polls")
    add("--metadata", choices=("sqlite", "postgresql"), default="postgresql")
    add("--only", nargs="+", default=[], metavar="NAME", help="some faults only")
    add("--port", type=int, default=18200, help="first of 50 loopback ports (18200)")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    follower = Follower(given.out.absolute(), given.feed)
    with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as scratch:
        plan = Plan(
            out=given.out.absolute(), work=Path(scratch) / "airflow3", tools=given.tools.absolute(),
            python=given.python.absolute(), major=3, seed=1, port=given.port, only=given.only,
            metadata=given.metadata,
        )  # fmt: skip
        laboratory = Laboratory(plan, follower.beside)
        laboratory.deployment.password = PASSWORD
        faults = {fault.dag_id: fault for fault in laboratory.faults}
        laboratory.run()
    figures = compare(given.out / "history.csv", follower.told, faults)
    (given.out / "followed.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    counted = {k: len(v) if isinstance(v, list) else v for k, v in figures.items()}
    print(json.dumps(counted, indent=1))
    for name in ("missing", "late", "twice"):
        for item in figures[name]:
            print(f"{name}: {item}", file=sys.stderr)
    return int(bool(figures["missing"] or figures["late"] or figures["twice"]))


def compare(
    history: Path, told: list[tuple[float, dict[str, Any]]], faults: dict[str, Fault]
) -> dict[str, Any]:
    """Figures: failed tries by the metadata database against what the watch told.

    Delays are in seconds from the end of a try, as Airflow has it, to the line of the watch.
    """
    with history.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    failed = {
        _key(row): _seconds(row["end_time"])
        for row in rows
        if row["airflow_state"] in FAILED and row["dag_id"] in faults
    }
    came: dict[Key, float] = {}
    counts: Counter[Key] = Counter()
    by: Counter[str] = Counter()
    right, judged = 0, 0
    for when, line in told:
        one = line["occurrence"]
        if one["kind"] != "failure":
            continue
        task = one["task"]
        key = (
            task["dag_id"],
            task["run_id"],
            task["task_id"],
            task["map_index"],
            task["try_number"],
        )
        counts[key] += 1
        came.setdefault(key, when)
        by[one["found_by"]] += 1
        fault = faults.get(task["dag_id"])
        if fault and fault.family != "none":
            judged += 1
            right += one["cause"] in (fault.family, *fault.accepted)
    delays = {key: came[key] - ended for key, ended in failed.items() if key in came and ended}
    broken = {
        fault.dag_id
        for fault in faults.values()
        if fault.source
        and not any(
            line["occurrence"]["kind"] == "import"
            and fault.dag_id in line["occurrence"]["task"]["dag_id"]
            for _, line in told
        )
    }
    values = sorted(delays.values())
    return {
        "faults": len(faults),
        "failed_tries": len(failed),
        "told": len(counts),
        "found_by": dict(by),
        "incidents": len({line["incident"] for _, line in told}),
        "delay_median": round(statistics.median(values), 1) if values else None,
        "delay_p95": round(values[int(len(values) * 0.95)], 1) if values else None,
        "delay_max": round(values[-1], 1) if values else None,
        "family_right": right,
        "family_judged": judged,
        "missing": [*sorted(map(str, set(failed) - set(came))), *sorted(broken)],
        "late": [f"{key}: {delay:.0f} s" for key, delay in delays.items() if delay > SOON],
        "twice": [str(key) for key, count in counts.items() if count > 1],
        "beyond": sorted(map(str, set(counts) - set(failed))),
    }


def _key(row: dict[str, str]) -> Key:
    return (
        row["dag_id"],
        row["run_id"],
        row["task_id"],
        int(row["map_index"]),
        int(row["try_number"]),
    )


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).astimezone(timezone.utc).timestamp() if text else 0.0


if __name__ == "__main__":
    sys.exit(main())
