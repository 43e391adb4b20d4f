"""Runs faults in a real Airflow and collects what it logged."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError

from lab import catalogue, history
from lab.corpus import Attempt, Corpus, Rewriter
from lab.deployment import Deployment
from lab.fault import Fault
from lab.metadata import Metadata, Postgres, Sqlite
from lab.world import PROGRAMS, Ports, World

ACTIVE = 5
"""DAG runs in flight at once; Airflow itself runs at most 4 tasks."""
PATIENCE = 240.0
"""Seconds until a run that does not end is given up."""
ENDED = ("success", "failed")


@dataclass(frozen=True)
class Plan:
    """What to run, and where."""

    out: Path
    work: Path
    tools: Path
    python: Path
    major: int
    seed: int
    port: int
    only: Sequence[str]
    run_id: str | None = None
    metadata: str = "sqlite"
    """sqlite or postgresql."""


@dataclass
class Run:
    """One DAG run of one fault; what interventions act on (see `lab.fault.RunHandle`)."""

    deployment: Deployment
    fault: Fault
    run_id: str
    started: float

    @property
    def path(self) -> str:
        """The run in the REST API."""
        return f"/dags/{self.fault.dag_id}/dagRuns/{self.run_id}"

    @property
    def folder(self) -> Path:
        """The run's folder of logs."""
        return self.deployment.logs / f"dag_id={self.fault.dag_id}" / f"run_id={self.run_id}"

    def state(self) -> str:
        """The run's state, such as running."""
        return str(self.deployment.call("GET", self.path)["state"])

    def wait_for_log(self, text: str, seconds: float = 90) -> None:
        """Wait until a log of the run holds `text`; `TimeoutError` after `seconds`."""
        deadline = time.monotonic() + seconds
        while not any(text in log.read_text(errors="replace") for log in self._logs()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.fault.name}: {text!r} does not turn up")
            time.sleep(0.5)

    def logged_number(self, name: str) -> int:
        """The number in the first `name=NUMBER` of the run's logs."""
        self.wait_for_log(f"{name}=")
        text = "".join(log.read_text(errors="replace") for log in self._logs())
        digits = text.partition(f"{name}=")[2]
        return int(digits[: len(digits) - len(digits.lstrip("0123456789"))])

    def set_task_state(self, task_id: str, state: str) -> None:
        """Set a task's state as a user does."""
        if self.deployment.major == 3:
            path, body = f"{self.path}/taskInstances/{task_id}", {"new_state": state}
            self.deployment.call("PATCH", path, body)
        else:
            path = f"{self.path}/taskInstances/{task_id}"
            self.deployment.call("PATCH", path, {"new_state": state, "dry_run": False})

    def set_run_state(self, state: str) -> None:
        """Set the run's state as a user does."""
        self.deployment.call("PATCH", self.path, {"state": state})

    def clear_task(self, task_id: str) -> None:
        """Clear a task while it runs."""
        body = {"dry_run": False, "task_ids": [task_id], "dag_run_id": self.run_id,
                "only_failed": False, "reset_dag_runs": True}  # fmt: skip
        self.deployment.call("POST", f"/dags/{self.fault.dag_id}/clearTaskInstances", body)

    def pause_api(self, seconds: float) -> None:
        """Freeze the API server for a while."""
        self.deployment.pause_api(seconds)

    def metadata(self, statement: str) -> None:
        """Run one statement on the metadata database."""
        self.deployment.metadata.execute(statement)

    def attempts(self) -> Iterator[Attempt]:
        """Every try that left a log, with the state in which it ended."""
        instances = self.deployment.call("GET", f"{self.path}/taskInstances?limit=100")
        for instance in instances["task_instances"]:
            task_id, index = instance["task_id"], instance["map_index"]
            path = f"{self.path}/taskInstances/{task_id}"
            path += f"/{index}/tries" if index >= 0 else "/tries"
            tries = self.deployment.call("GET", path)["task_instances"]
            for one in {number["try_number"]: number for number in tries}.values():
                log = self._log(task_id, index, one["try_number"])
                if log.exists():
                    yield Attempt(
                        task_id, self.run_id, index, one["try_number"], str(one["state"]), log
                    )

    def _log(self, task_id: str, index: int, number: int) -> Path:
        folder = self.folder / f"task_id={task_id}"
        if index >= 0:
            folder /= f"map_index={index}"
        return folder / f"attempt={number}.log"

    def _logs(self) -> list[Path]:
        return sorted(self.folder.rglob("*.log"))


def run_id_of(fault: Fault, seed: int, number: int = 1) -> str:
    """A run id as Airflow gives it to runs by hand, with a time that only the seed decides, and
    the number of the run (1 or 2)."""
    second = random.Random(f"{seed} {fault.dag_id}").randrange(300 * 86_400)
    moment = datetime(2026, 1, 4 + number, tzinfo=timezone.utc) + timedelta(seconds=second)
    return f"manual__{moment.isoformat()}"


class Laboratory:
    """One run of the lab: a deployment, the world around it, and a corpus to fill."""

    def __init__(
        self,
        plan: Plan,
        beside: Callable[[Deployment], AbstractContextManager[object]] | None = None,
    ) -> None:
        """Prepare folders; nothing is started yet. `beside` is entered when Airflow is up, and left
        before it is ended.

        Raises `ValueError`, which says what to do, where the plan cannot be carried out.
        """
        self.faults = choose(plan)
        self.version = _check(plan)
        self.plan = plan
        self.beside = beside
        ports = Ports(plan.port)
        home = plan.work / "airflow"
        home.mkdir(parents=True)
        # PostgreSQL's user must be able to enter.
        plan.work.chmod(0o755)
        self.world = World(plan.work, plan.tools, plan.python, ports)
        self.metadata: Metadata = Sqlite(home / "airflow.db")
        if plan.metadata == "postgresql":
            self.metadata = Postgres(plan.work / "metadata", ports.metadata)
        else:
            self.world.provided.add("sqlite_metadata")
        extra = self.world.environment(home)
        self.deployment = Deployment(plan.python, home, ports, plan.major, self.metadata, extra)
        random.Random(plan.seed).shuffle(self.faults)
        self.problems: dict[str, list[str]] = {}
        self._total = len(self.faults)
        self._done = 0
        self._round = 1

    def run(self) -> list[str]:
        """Run all faults; returns the problems found, [] when every log shows its fault.

        Raises `RuntimeError` where Airflow, and `OSError` where its database does not come up.
        """
        self._began = time.monotonic()
        self._corpus = Corpus(self.plan.out, self._rewriter(), self.version)
        with ExitStack() as stops:
            stops.callback(self.world.stop)
            self.world.start({need for fault in self.faults for need in fault.needs})
            self._drop_unprovided()
            self._write_dags()
            print(f"Airflow {self.version} starts, {len(self.faults)} faults to run", flush=True)
            stops.callback(self.metadata.start())
            stops.callback(self.deployment.stop)
            self.deployment.start()
            if self.beside:
                stops.enter_context(self.beside(self.deployment))
            self._wait_until_parsed()
            print(f"it is up after {_clock(time.monotonic() - self._began)}", flush=True)
            self._began = time.monotonic()
            self._run_all([fault for fault in self.faults if fault.build])
            self._collect_broken([fault for fault in self.faults if fault.source])
            # On a busy machine Airflow itself times out now and then, before the fault can show.
            again = [fault for fault in self.faults if fault.build and fault.name in self.problems]
            self._round, self._total = 2, self._total + len(again)
            self._run_all(again)
            dataset = f"lab-airflow-{self.version}"
            rows = history.read(self.metadata, dataset, self.plan.major)
            history.add(self.plan.out / "history.csv", rows)
            print(f"history.csv: {len(rows)} tries", flush=True)
        return [problem for problems in self.problems.values() for problem in problems]

    def _drop_unprovided(self) -> None:
        for fault in list(self.faults):
            missing = set(fault.needs) - self.world.provided
            if missing:
                self.faults.remove(fault)
                print(f"left out: {fault.name} needs {', '.join(sorted(missing))}", flush=True)
        self._total = len(self.faults)

    def _write_dags(self) -> None:
        self.deployment.dags.mkdir(parents=True, exist_ok=True)
        shutil.copytree(PROGRAMS, self.deployment.home / "jobs", dirs_exist_ok=True)
        (self.plan.work / "landing").mkdir(exist_ok=True)
        for fault in self.faults:
            text = catalogue.text_of(fault)
            (self.deployment.dags / f"{fault.dag_id}.py").write_text(text, encoding="utf-8")

    def _wait_until_parsed(self) -> None:
        """Wait for the DAG processor: on SQLite its writing and that of tasks get in each other's way."""
        expected = sum(fault.build is not None for fault in self.faults)
        # Airflow 2 on SQLite parses one file after the other.
        deadline = time.monotonic() + 120 + 3 * expected
        while time.monotonic() < deadline:
            self.deployment.check()
            try:
                parsed = self.deployment.call("GET", "/dags?limit=1")["total_entries"]
            except OSError:
                parsed = 0
            if parsed >= expected:
                return
            if sys.stdout.isatty():
                print(f"{parsed} of {expected} DAG files parsed", end="\r", flush=True)
            time.sleep(5)

    def _run_all(self, faults: Sequence[Fault]) -> None:
        """Run faults side by side, and after them those that must be alone."""
        self._run_many([fault for fault in faults if not fault.exclusive])
        for fault in faults:
            if fault.exclusive:
                self._run_many([fault])

    def _run_many(self, faults: Sequence[Fault]) -> None:
        waiting = deque(faults)
        active: list[Run] = []
        refused = 0
        while waiting or active:
            self.deployment.check()
            while waiting and len(active) < ACTIVE:
                run = self._trigger(waiting[0])
                refused = 0 if run else refused + 1
                if run:
                    active.append(run)
                elif refused < PATIENCE:
                    break  # again in a second: the seed decides the order, not Airflow's mood
                else:
                    self._report(waiting[0], [f"{waiting[0].name}: never parsed"], "")
                waiting.popleft()
            for run in list(active):
                if self._ended(run):
                    active.remove(run)
                    self._collect(run)
            time.sleep(1)

    def _trigger(self, fault: Fault) -> Run | None:
        """Start a run; None while Airflow has not parsed the DAG yet."""
        body: dict[str, Any] = {"logical_date": None} if self.plan.major == 3 else {}
        body["dag_run_id"] = self.plan.run_id or run_id_of(fault, self.plan.seed, self._round)
        try:
            answer = self.deployment.call("POST", f"/dags/{fault.dag_id}/dagRuns", body)
        except HTTPError as error:
            # 404: not parsed yet; 409: an earlier call was carried out, though it timed out.
            if error.code != 409:
                return None
            answer = body
        except OSError:  # the metadata database was locked
            return None
        run = Run(self.deployment, fault, answer["dag_run_id"], time.monotonic())
        if fault.during is not None:
            Thread(target=fault.during, args=(run,), daemon=True).start()
        return run

    def _ended(self, run: Run) -> bool:
        late = time.monotonic() - run.started > PATIENCE
        if time.monotonic() - run.started > 2 * PATIENCE:
            return True
        try:
            if run.state() in ENDED:
                return True
            if late:
                run.set_run_state("failed")
        except OSError:  # the API server is paused by an exclusive fault
            return False
        return late

    def _collect(self, run: Run) -> None:
        # The supervisor still writes its last lines. Where the state was changed from outside, it
        # only hears of it at the next heartbeat.
        outside = run.fault.during or run.fault.labelled != ("failed",)
        time.sleep(8 if outside else 1)
        attempts = self._attempts(run)
        seconds = time.monotonic() - run.started
        kept = f"{len(attempts)} logs in {seconds:.0f} s"
        self._report(run.fault, self._corpus.add(run.fault, attempts), kept)

    def _attempts(self, run: Run, patience: int = 10) -> list[Attempt]:
        """The tries of a run; [] where the API does not answer for long."""
        for _ in range(patience):
            try:
                return list(run.attempts())
            except OSError:  # the metadata database was locked
                time.sleep(2)
        return []

    def _collect_broken(self, faults: Sequence[Fault]) -> None:
        """The DAG processor's own log of files that cannot be imported."""
        for fault in faults:
            # Airflow 2 links the folder "latest" to that of the day.
            found = self.deployment.logs.rglob(f"{fault.dag_id}.py.log")
            logs = sorted({log.resolve() for log in found})
            attempts = [
                Attempt("dag_processor", "", -1, number, "failed", log)
                for number, log in enumerate(logs, 1)
            ]
            self._report(fault, self._corpus.add(fault, attempts), f"{len(logs)} processor logs")

    def _report(self, fault: Fault, problems: list[str], well: str) -> None:
        """Keep and print how a fault went; `well` is said where there are no problems."""
        self._done += 1
        self.problems.pop(fault.name, None)
        if problems:
            self.problems[fault.name] = problems
        elapsed = time.monotonic() - self._began
        left = elapsed / self._done * (self._total - self._done)
        print(
            f"[{self._done}/{self._total}, {_clock(elapsed)}, {_clock(left)} left] "
            f"{fault.family}/{fault.name}: {'; '.join(problems) or well}",
            flush=True,
        )

    def _rewriter(self) -> Rewriter:
        python = self.plan.python
        prefix = python.parents[1]
        return Rewriter(
            {
                self.deployment.home: "/opt/airflow",
                self.plan.work: "/mnt",
                prefix: "/opt/airflow/venv",
                python.resolve().parents[1]: "/usr/local",
                self.plan.tools: "/opt/tools",
                catalogue.FOLDER.parents[1]: "/opt/airflow/plugins",
            }
        )


def _clock(seconds: float) -> str:
    """Minutes and seconds, such as 7:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _check(plan: Plan) -> str:
    """The version of the plan's Airflow; `ValueError` where the plan cannot be carried out."""
    remedy = "`python -m lab.environment --out DIR` makes it, then give `--environment DIR`"
    if not Path("/proc/self/stat").exists():
        raise ValueError("the lab needs Linux: it ends processes by what /proc says")
    if not plan.python.exists():
        raise ValueError(f"there is no Python at {plan.python}: {remedy}")
    code = "from importlib.metadata import version; print(version('apache-airflow'))"
    done = subprocess.run(
        [plan.python, "-c", code], capture_output=True, text=True, check=False
    )  # fmt: skip
    version = done.stdout.strip()
    if done.returncode:
        raise ValueError(f"{plan.python} has no Airflow: {remedy}")
    if not version.startswith(f"{plan.major}."):
        raise ValueError(f"{plan.python} has Airflow {version}, not {plan.major}")
    if (plan.work / "airflow").exists():
        raise ValueError(f"{plan.work} has been used already: give --work another folder")
    for port in range(plan.port, plan.port + 50):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                raise ValueError(f"port {port} is in use: give --port another first of 50")
    return version


def choose(plan: Plan) -> list[Fault]:
    """The faults of the plan; raises `ValueError` for a name that no fault has."""
    faults = [*catalogue.load_all(), *catalogue.load_noisy()]
    unknown = set(plan.only) - {fault.name for fault in faults}
    if unknown:
        raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")
    if plan.only:
        faults = [fault for fault in faults if fault.name in plan.only]
    if plan.major == 2:
        return [fault for fault in faults if fault.twin or fault.only_twin]
    return [fault for fault in faults if not fault.only_twin]
