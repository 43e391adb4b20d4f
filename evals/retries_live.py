"""`DiagnosedRetry` in a real Airflow: `python -m evals.retries_live OUT --python AIRFLOW_PYTHON`.

Runs faults of the lab under a real scheduler, each task with retries=2 and `DiagnosedRetry`, and looks
at what became of them in the metadata database: a permanent fault must fail at its first try, a
transient one be retried after the policy's own delay, anything else after the task's. AIRFLOW_PYTHON is
that of an Airflow 3.3 in which dagnosis is installed; the listener's hints are counted, too.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import statistics
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from dagnosis.logs.redaction import redact
from dagnosis.spool import Spool
from lab import catalogue
from lab.fault import Fault
from lab.runner import Laboratory, Plan, Run

RETRIES, PLAIN_SECONDS, LONGEST_SECONDS = 2, 3, 7
_POLICY = f"""

from dataclasses import replace
from datetime import timedelta

from dagnosis.airflow.retry_policy import DiagnosedRetry


class Timed(DiagnosedRetry):
    def evaluate(self, *given, **named):
        import time

        began, used = time.perf_counter(), time.process_time()
        try:
            return super().evaluate(*given, **named)
        finally:
            wall, cpu = time.perf_counter() - began, time.process_time() - used
            print(f"decided in {{{{wall * 1000:.1f}}}} ms, {{{{cpu * 1000:.1f}}}} ms of CPU")


policy = Timed(longest=timedelta(seconds={LONGEST_SECONDS}), mode="{{mode}}")
arguments = {{{{"retries": {RETRIES}, "retry_delay": timedelta(seconds={PLAIN_SECONDS}), "retry_policy": policy}}}}
dag = replace(FAULT, dag_options={{{{**FAULT.dag_options, "default_args": arguments}}}}).dag()
"""
_QUERY = """
SELECT dag_id, task_id, map_index, try_number, state, start_date, end_date FROM task_instance
UNION ALL SELECT dag_id, task_id, map_index, try_number, state, start_date, end_date
FROM task_instance_history
"""


class RetryLaboratory(Laboratory):
    """The lab, with a retry policy on every task; it keeps what happened instead of a corpus."""

    mode = "on"
    preload = False

    def _write_dags(self) -> None:
        super()._write_dags()
        for fault in self.faults:
            code = catalogue.path_of(fault).read_text("utf-8") + _POLICY.format(mode=self.mode)
            (self.deployment.dags / f"{fault.dag_id}.py").write_text(code, encoding="utf-8")

    def _collect(self, run: Run) -> None:
        print(f"{run.fault.name}: {run.state()}", flush=True)

    def environment(self) -> dict[str, str]:
        """The deployment's variables, with dagnosis loaded before tasks are forked."""
        return {**self._plain_environment(), "AIRFLOW__DAGNOSIS__PRELOAD": str(self.preload)}

    def run(self) -> list[str]:
        """Run all faults to their ends."""
        with ExitStack() as stops:
            stops.callback(self.world.stop)
            self._began = 0.0
            self.world.start({need for fault in self.faults for need in fault.needs})
            self._drop_unprovided()
            self._write_dags()
            self._plain_environment = self.deployment.environment
            self.deployment.environment = self.environment  # type: ignore[method-assign]
            stops.callback(self.metadata.start())
            stops.callback(self.deployment.stop)
            self.deployment.start()
            self._wait_until_parsed()
            self._run_all(self.faults)
            self.rows = self.metadata.query(_QUERY)
        return []

    def outcomes(self) -> list[dict[str, Any]]:
        """One row a fault: its tries, the policy's decisions, the delays that were kept."""
        return [self._outcome(fault) for fault in self.faults]

    def _outcome(self, fault: Fault) -> dict[str, Any]:
        rows = [row for row in self.rows if row["dag_id"] == fault.dag_id and row["start_date"]]
        if fault.task_id:
            rows = [row for row in rows if row["task_id"] == fault.task_id]
        failed = {(row["task_id"], row["map_index"]) for row in rows if row["state"] == "failed"}
        mine = sorted(
            (row for row in rows if (row["task_id"], row["map_index"]) in failed),
            key=lambda row: (row["task_id"], int(row["map_index"]), int(row["try_number"])),
        )
        one = [row for row in mine if row["task_id"] == mine[0]["task_id"]] if mine else []
        one = [row for row in one if row["map_index"] == one[0]["map_index"]]
        pairs = itertools.pairwise(one)
        return {
            "fault": fault.name,
            "family": fault.family,
            "transience": fault.transience,
            "tries": len(one),
            "states": [row["state"] for row in one],
            "waited": [round(_seconds(after["start_date"], before["end_date"]), 1) for before, after in pairs],
            "decisions": self._decisions(fault),
            "milliseconds": self._milliseconds(fault),
        }  # fmt: skip

    def _milliseconds(self, fault: Fault) -> list[tuple[float, float]]:
        """Wall and CPU time of each decision."""
        logs = (self.deployment.logs / f"dag_id={fault.dag_id}").rglob("attempt=*.log")
        text = "".join(path.read_text("utf-8", "replace") for path in logs)
        found = re.findall(r"decided in ([0-9.]+) ms, ([0-9.]+) ms of CPU", text)
        return [(float(wall), float(cpu)) for wall, cpu in found]

    def _decisions(self, fault: Fault) -> list[dict[str, str]]:
        found = []
        for path in sorted(
            (self.deployment.logs / f"dag_id={fault.dag_id}").rglob("attempt=*.log")
        ):
            for line in path.read_text("utf-8", "replace").splitlines():
                if '"Retry policy decision"' in line or "dagnosis could not" in line:
                    said = json.loads(line)
                    found.append(
                        {
                            "try": path.stem,
                            "task": path.parent.name,
                            "action": said.get("action", "none"),
                            "reason": said.get("reason", said["event"]),
                        }
                    )
        return found


def chosen(only: Sequence[str], most: int, seed: int) -> list[str]:
    """Names of faults whose tasks raise by themselves, in a random order that the seed settles."""
    names = [
        fault.name
        for fault in catalogue.load_all()
        if fault.build and not fault.during and not fault.exclusive and not fault.only_twin
        and fault.family != "none"
    ]  # fmt: skip
    random.Random(seed).shuffle(names)
    return [name for name in names if not only or name in only][: most or None]


def right(row: dict[str, Any]) -> bool | None:
    """Did Airflow do what is right; None where it is not known, or the policy was never asked."""
    actions = [said["action"] for said in row["decisions"]]
    if not actions or row["transience"] == "unknown":
        return None
    if row["transience"] == "permanent":
        return bool(actions[0] == "fail" and row["tries"] == 1)
    return bool(actions[0] == "retry" and row["tries"] > 1)


def report(rows: list[dict[str, Any]]) -> None:
    """Print the figures, and whatever was not right."""
    asked = [row for row in rows if row["decisions"]]
    known = [row for row in asked if row["transience"] != "unknown"]
    table = Counter((row["transience"], row["decisions"][0]["action"]) for row in asked)
    for (transience, action), count in sorted(table.items()):
        print(f"{transience:11}{action:9}{count:4}")
    verdicts = [right(row) for row in known]
    print(f"asked        {len(asked)} of {len(rows)} faults")
    print(f"right        {sum(map(bool, verdicts))} of {len(known)}")
    harm = [row["fault"] for row in known if row["transience"] == "transient" and row["decisions"][0]["action"] == "fail"]  # fmt: skip
    print(f"harm         {len(harm)} {' '.join(harm)}")
    for row in known:
        if not right(row):
            print(
                f"\n{row['transience']} {row['fault']}: {row['tries']} tries, waited {row['waited']}\n  {row['decisions'][0]['reason']}"
            )
    times = [pair for row in rows for pair in row["milliseconds"]]
    for name, values in zip(("wall", "CPU"), zip(*times, strict=True), strict=False):
        print(
            f"\ndecided in   {statistics.median(values):.0f} ms {name} (median), {max(values):.0f} at most, {len(values)} decisions"
        )
    never = [row["fault"] for row in rows if not row["decisions"]]
    print(f"\nnever asked: {' '.join(never)}")


def main() -> None:
    """Run, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--tools", type=Path, default=Path("lab-env/tools"))
    parser.add_argument("--port", type=int, default=18200)
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--most", type=int, default=0, help="so many faults (0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mode", choices=("on", "record", "off"), default="on")
    parser.add_argument("--preload", action="store_true")
    given = parser.parse_args()
    given.out.mkdir(parents=True)
    work = (given.out / "work").absolute()
    plan = Plan(
        out=given.out.absolute(), work=work, tools=given.tools.absolute(),
        python=given.python.absolute(), major=3, seed=given.seed, port=given.port,
        only=chosen(given.only, given.most, given.seed),
    )  # fmt: skip
    laboratory = RetryLaboratory(plan)
    laboratory.mode, laboratory.preload = given.mode, given.preload
    laboratory.run()
    rows = laboratory.outcomes()
    (given.out / "retries.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows), "utf-8"
    )
    report(rows)
    batch = Spool(laboratory.deployment.home / "dagnosis" / "spool").read(redact)
    hinted = Counter(
        hint.key for hint in batch.hints if hint.kind == "task_failed" and hint.where == "task"
    )
    tries = {(row["dag_id"], row["task_id"], int(row["map_index"]), int(row["try_number"])) for row in laboratory.rows if row["state"] == "failed" and row["start_date"]}  # fmt: skip
    told = {(key[0], key[2], key[3], key[4]) for key in hinted}
    print(f"hints        {len(batch.hints)}; {len(tries & told)} of {len(tries)} failed tries, "
          f"{sum(count > 1 for count in hinted.values())} twice, {batch.damaged} damaged, {batch.dropped} dropped")  # fmt: skip


def _seconds(later: str, earlier: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


if __name__ == "__main__":
    main()
