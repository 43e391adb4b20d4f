"""All in one command: an Airflow in which tasks fail, `dagnosis serve --watch`, and a Prometheus that
scrapes it."""

from __future__ import annotations

import html
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evals.killed import Airflow

PATIENCE = 90.0
FAILED = 12
CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: dagnosis
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@pytest.fixture
def airflow(tmp_path: Path) -> Iterator[Airflow]:
    made = Airflow(tmp_path)
    yield made
    made.close()


@pytest.fixture
def process(airflow: Airflow) -> Iterator[subprocess.Popen[str]]:
    """A server that follows it."""
    environment = {**os.environ, **airflow.environment()}
    command = [sys.executable, "-m", "dagnosis", "serve", "--watch", "--port", "0"]
    started = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    yield started
    started.terminate()
    _, rest = started.communicate(timeout=60)  # ends when the watch has ended, too
    assert "Traceback" not in rest


@pytest.fixture
def address(process: subprocess.Popen[str]) -> str:
    """Where it serves, as soon as it follows."""
    assert process.stderr
    said = next(line for line in process.stderr if "pages on" in line)
    assert next(line for line in process.stderr if "watching" in line)
    return said.split()[-1].rstrip("/")


@pytest.fixture
def prometheus(address: str, tmp_path: Path) -> Iterator[Callable[[str], float]]:
    """Asks a Prometheus that scrapes the server for the one value of a query; 0.0 for none."""
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("prometheus is not installed (apt install prometheus)")
    config = tmp_path / "prometheus.yml"
    config.write_text(CONFIG.format(port=urllib.parse.urlsplit(address).port))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    with (tmp_path / "prometheus.log").open("wb") as log:
        running = subprocess.Popen(
            [binary, f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{port}"],
            stdout=log, stderr=log,
        )  # fmt: skip

    def ask(query: str) -> float:
        try:
            found = get(
                f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
            )
        except OSError:
            return 0.0
        values: list[Any] = found["data"]["result"]
        return float(values[0]["value"][1]) if values else 0.0

    yield ask
    running.send_signal(signal.SIGTERM)
    running.wait(20)


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer)


def test_failures_reach_pages_api_and_prometheus(
    airflow: Airflow, address: str, prometheus: Callable[[str], float]
) -> None:
    for _ in range(FAILED):
        airflow.fail()
    failed = len(airflow.failed)
    until = time.monotonic() + PATIENCE
    while prometheus("sum(dagnosis_failures_total)") < failed and time.monotonic() < until:
        time.sleep(0.5)
    assert prometheus("sum(dagnosis_failures_total)") == failed
    assert prometheus("sum(dagnosis_diagnoses_total)") > 0
    assert prometheus("sum(dagnosis_incidents)") > 0
    found = get(f"{address}/api/v1/incidents?members=true")
    assert sum(one["count"] for one in found["incidents"]) == failed
    with urllib.request.urlopen(f"{address}/", timeout=20) as answer:
        page = answer.read().decode()
    assert (
        html.escape(found["incidents"][0]["title"], quote=True).replace("&#x27;", "&#39;") in page
    )
    task = airflow.failed[-1]
    where = f"/dags/{task.dag_id}/runs/{urllib.parse.quote(task.run_id)}/tasks/{task.task_id}"
    with urllib.request.urlopen(f"{address}{where}", timeout=20) as answer:
        assert "What to do" in answer.read().decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_watch_ends_with_the_server(
    airflow: Airflow, process: subprocess.Popen[str], address: str, number: signal.Signals
) -> None:
    assert address
    airflow.fail()  # so that the next round comes soon
    process.send_signal(number)
    assert process.stderr
    rest = process.stderr.read()  # until the watch, which has the same stderr, has ended
    assert process.wait(60) in (0, -number)
    assert "what was found is kept" in rest
