"""Many failures at once: an Airflow of rows whose logs are real ones, each with names, times and ids of
its own."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import re2

from dagnosis.logs.reading import LogText, read_path, read_text
from dagnosis.model import TaskRef
from dagnosis.sources.contract import Attempt, LogSource
from tests.services.watch.table import START, Table

SAMPLE = Path(__file__).parents[3] / "lab" / "sample"
CAUSES = (
    "read_only_disk", "ssh_refused", "reset_by_peer", "psql_owner", "cannot_import_name",
    "curl_28", "proxy_password", "sqlite_table", "http_401", "sort_temp", "java_driver",
    "class_file_version", "http_429", "pickle_lambda", "from_none", "division", "open_files",
    "frame_column", "aws_denied_noisy", "html_instead_of_json",
)  # fmt: skip
"""Twenty faults of the lab that have nothing to do with each other."""
_STAMP = re2.compile(r"\b20\d\d-\d\d-\d\d([T ])\d\d:\d\d:\d\d")
_LONG_HEX = re2.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_PROCESS = re2.compile(r"(?i)\b(p?id|process|job|pid=|port)([ =:]+)\d{3,6}\b")
_TEMPORARY = re2.compile(r"/tmp/[\w.-]+")


class Original(NamedTuple):
    """A log of a real try that failed, and the names that stand in it."""

    fault: str
    text: str
    task: TaskRef


def originals(faults: tuple[str, ...] = CAUSES) -> list[Original]:
    """One real log for each fault, in order."""
    rows = [json.loads(line) for line in (SAMPLE / "index.jsonl").read_text("utf-8").splitlines()]
    first = {row["fault"]: row for row in reversed(rows)}
    return [_original(first[fault]) for fault in faults]


def _original(row: dict[str, str]) -> Original:
    text = "\n".join(read_path(SAMPLE / row["file"]).lines)
    return Original(
        row["fault"], text, TaskRef(row["dag_id"], row["run_id"], row["task_id"], -1, 1)
    )


def varied(original: Original, task: TaskRef, when: datetime, draw: random.Random) -> str:
    """The log as it would be of another try: names, times, processes, temporary files, ids."""
    text = original.text
    for old, new in _names(original.task, task):
        text = text.replace(old, new)
    text = _STAMP.sub(lambda found: when.strftime(f"%Y-%m-%d{found.group(1)}%H:%M:%S"), text)
    text = _LONG_HEX.sub(f"{draw.getrandbits(128):032x}", text)
    text = _PROCESS.sub(lambda m: f"{m.group(1)}{m.group(2)}{draw.randint(100, 99999)}", text)
    return str(_TEMPORARY.sub(f"/tmp/tmp{draw.getrandbits(40):x}", text))


def _names(old: TaskRef, new: TaskRef) -> list[tuple[str, str]]:
    pairs = [(old.run_id, new.run_id), (old.dag_id, new.dag_id), (old.task_id, new.task_id)]
    return sorted(pairs, key=lambda pair: -len(pair[0]))  # the name of a task may hold the DAG's


class Storm(Table):
    """Failures by the thousand, a quarter of a second apart, over `dags` DAGs; each a run of its own."""

    def __init__(self, faults: list[Original], dags: int, apart: float = 0.25) -> None:
        super().__init__()
        self.faults, self.dags, self.apart = faults, dags, apart
        self.of: dict[TaskRef, int] = {}
        self._draw = random.Random(4)
        self._of_run: dict[tuple[str, str], list[Attempt]] = defaultdict(list)

    def fail(self, count: int) -> None:
        """So many more failures, the faults in turn."""
        for number in range(len(self.of), len(self.of) + count):
            when = self.tick(self.apart)
            place = number % len(self.faults)
            dag = f"team{self._draw.randrange(self.dags)}_orders"
            task = TaskRef(dag, f"scheduled__{when.isoformat()}", f"load_{place}", -1, 1)
            row = Attempt(
                task=task, state="failed", hostname=f"worker-{number % 8}",
                started=when - timedelta(seconds=40), ended=when, updated=when,
            )  # fmt: skip
            self.of[task] = place
            self._keep(row)

    def green(self) -> None:
        """Every task that failed succeeds in a run of now."""
        for dag_id, task_id in dict.fromkeys((task.dag_id, task.task_id) for task in self.of):
            when = self.tick(self.apart)
            task = TaskRef(dag_id, f"scheduled__{when.isoformat()}", task_id, -1, 1)
            self._keep(Attempt(task=task, state="success", started=when, ended=when, updated=when))

    def _keep(self, row: Attempt) -> None:
        self.last[msgspec.structs.replace(row.task, try_number=0)] = row
        self._of_run[row.task.dag_id, row.task.run_id].append(row)

    def of_run(self, dag_id: str, run_id: str) -> list[Attempt]:
        self._asked()
        return list(self._of_run[dag_id, run_id])


class StormLogs(LogSource):
    """The log of each try, made when it is read."""

    def __init__(self, storm: Storm) -> None:
        self.storm = storm
        self.read_count = 0

    @property
    def name(self) -> str:
        return "logs of a storm"

    def read(self, task: TaskRef) -> LogText | None:
        self.read_count += 1
        place = self.storm.of[task]
        row = self.storm.last[msgspec.structs.replace(task, try_number=0)]
        draw = random.Random(hash(task.run_id))
        text = varied(self.storm.faults[place], task, row.updated or START, draw)
        return read_text(text, f"{task.dag_id}/{task.run_id}/{task.task_id}.log")

    def close(self) -> None:
        pass
