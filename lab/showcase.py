"""`python -m lab.showcase`: a real Airflow with dagnosis in it, and DAGs that fail. `make airflow` runs it.

Starts Airflow 3 on loopback (SQLite, LocalExecutor), a `dagnosis watch` beside it, and runs some twenty
faults of the lab, a few of them twice. It says what to open, and runs until Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError

from lab import catalogue
from lab.deployment import Deployment
from lab.fault import Fault
from lab.metadata import Sqlite
from lab.runner import Run
from lab.world import Ports, World

FAULTS = (
    "missing_key_deep", "group_of_members", "connection_missing", "killed_from_outside",
    "failing_callback", "execution_timeout", "long_log_middle", "refused", "template_undefined",
    "second_try_works", "module_in_task", "file_missing", "division", "exit_code_only",
    "process_exits", "run_timeout", "mapped_one_of_many", "error_text_in_success",
    "syntax_error", "module_at_parse",
)  # fmt: skip
"""They need no service but Airflow itself, and fail in many ways: with and without a word in the log."""
ACTIVE = 3


@contextmanager
def shown(python: Path, work: Path, port: int, faults: Sequence[Fault]) -> Iterator[Deployment]:
    """Airflow with the plugin and a watch beside it, ended with the context."""
    home = work / "airflow"
    (home / "dags").mkdir(parents=True)
    ours = {
        "DAGNOSIS_STORE": str(work / "dagnosis.db"),
        "DAGNOSIS_PROFILES": str(work / "profiles.db"),
        "DAGNOSIS_MODELS_DIR": str(work / "models"),
        "DAGNOSIS_RUNS": str(work / "runs.parquet"),
        "DAGNOSIS_SPOOL": str(work / "spool"),
    }
    for fault in faults:
        text = catalogue.text_of(fault)
        (home / "dags" / f"{fault.dag_id}.py").write_text(text, encoding="utf-8")
    ports = Ports(port)
    ours |= World(work, work, python, ports).environment(home)
    deployment = Deployment(python, home, ports, 3, Sqlite(home / "airflow.db"), ours)
    (work / "landing").mkdir()
    watch = None
    try:
        deployment.start()
        watch = subprocess.Popen(
            [str(python.parent / "dagnosis"), "watch"],
            env={
                **deployment.environment(),
                "DAGNOSIS_AIRFLOW_URL": f"http://127.0.0.1:{port}",
                "DAGNOSIS_AIRFLOW_LOGS": str(deployment.logs),
            },
            stdout=(work / "watch.out").open("wb"),
            stderr=(work / "watch.err").open("wb"),
        )
        yield deployment
    finally:
        if watch:
            watch.terminate()
            watch.wait(30)
        deployment.stop()


def run(deployment: Deployment, faults: Sequence[Fault], seconds: float = 600) -> None:
    """Run each fault once, a few side by side, and wait for their ends."""
    waiting = list(faults)
    active: dict[str, str] = {}
    deadline = time.monotonic() + seconds
    while (waiting or active) and time.monotonic() < deadline:
        deployment.check()
        while waiting and len(active) < ACTIVE:
            dag_id = waiting[0].dag_id
            try:
                run = deployment.call("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None})
            except HTTPError:
                break  # not parsed yet
            fault = waiting.pop(0)
            active[dag_id] = run["dag_run_id"]
            if fault.during is not None:
                lab_run = Run(deployment, fault, run["dag_run_id"], time.monotonic())
                Thread(target=fault.during, args=(lab_run,), daemon=True).start()
        for dag_id, run_id in list(active.items()):
            state = deployment.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]
            if state in ("success", "failed"):
                del active[dag_id]
                print(f"  {dag_id}: {state}", flush=True)
        time.sleep(1)


def chosen() -> list[Fault]:
    """The faults that are shown."""
    return [fault for fault in catalogue.load_all() if fault.name in FAULTS]


def main() -> int:
    """Until Ctrl-C; 0, or 4 where Airflow does not come up."""
    parser = argparse.ArgumentParser(prog="python -m lab.showcase", description=__doc__)
    add = parser.add_argument
    add("--python", type=Path, required=True, help="Python with Airflow 3 and dagnosis")
    add("--port", type=int, default=18300, help="port of Airflow (18300)")
    add("--work", type=Path, help="folder to keep (default: a new one, removed)")
    add("--once", action="store_true", help="end when the faults have run")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    faults = chosen()
    url = f"http://127.0.0.1:{given.port}"
    with tempfile.TemporaryDirectory(prefix="airflow-", ignore_cleanup_errors=True) as scratch:
        work = (given.work or Path(scratch)).absolute()
        work.mkdir(parents=True, exist_ok=True)
        try:
            print("Airflow starts, which takes about a minute …", flush=True)
            with shown(given.python.absolute(), work, given.port, faults) as deployment:
                print(f"It is up: {url} (no password). {len(faults)} DAGs fail now:", flush=True)
                run(deployment, [fault for fault in faults if fault.build])
                print(
                    f"\nOpen {url}/plugin/dagnosis-incidents for the incidents, or a failed task "
                    "instance and its tab Diagnosis.\nCtrl-C ends everything.",
                    flush=True,
                )
                while not given.once:
                    deployment.check()
                    time.sleep(2)
        except KeyboardInterrupt:
            return 0
        except (OSError, RuntimeError) as error:
            print(error, file=sys.stderr)
            return 4
    return 0


if __name__ == "__main__":
    os.environ.pop("AIRFLOW_HOME", None)
    sys.exit(main())
