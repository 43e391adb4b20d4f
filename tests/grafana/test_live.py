"""A real Prometheus scrapes a filled process, and every query of ours gives series."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.metrics.filling import again, filled

ROOT = Path(__file__).parents[2]
CONFIG = """\
global: {{ scrape_interval: 1s, evaluation_interval: 1s }}
rule_files: ['{rules}/recording.yaml', '{rules}/alerts.yaml']
scrape_configs:
  - job_name: dagnosis
    static_configs: [{{ targets: ['127.0.0.1:{port}'] }}]
"""
PATIENCE = 60
"""Seconds that Prometheus has to start and to scrape twice."""


class Process:
    """Metrics on a port, whose counts grow with each scrape."""

    def __init__(self) -> None:
        metrics = filled(now=datetime.now(timezone.utc))
        self.scrapes = 0
        process = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                process.scrapes += 1
                again(metrics)
                page, content_type = metrics.render(self.headers.get("Accept", ""))
                self.send_response(200)
                self.send_header("Content-Type", content_type)
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Prometheus:
    """A running one; `ask` gives the series of a query."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str, **arguments: str) -> Any:
        query = urllib.parse.urlencode(arguments)
        with urllib.request.urlopen(f"{self.url}{path}?{query}", timeout=20) as answer:
            return json.load(answer)

    def ask(self, query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/v1/query", query=query)["data"]["result"]
        return found


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("prometheus is not installed (apt install prometheus)")
    folder = tmp_path_factory.mktemp("prometheus")
    process = Process()
    config = folder / "prometheus.yml"
    config.write_text(CONFIG.format(rules=ROOT / "grafana" / "rules", port=process.port))
    with (folder / "log").open("wb") as log:
        port = _free()
        running = subprocess.Popen(
            [
                binary,
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        yield _ready(Prometheus(port), process, running, folder / "log")
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)
        process.close()


def _free() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _ready(
    prometheus: Prometheus, process: Process, running: subprocess.Popen[bytes], log: Path
) -> Prometheus:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and running.poll() is None:
        try:
            enough = process.scrapes >= 4 and prometheus.ask(
                "job:dagnosis_forecast_brier:ratio_increase7d"
            )
        except (urllib.error.URLError, ConnectionError):
            enough = False
        if enough:
            return prometheus
        time.sleep(0.3)
    raise AssertionError(log.read_text("utf-8")[-2000:])


def _plain(expression: str) -> str:
    """As Grafana would ask it."""
    for variable, value in {
        "$job": ".*", "$dataset": ".*", "$__rate_interval": "1m", "$__range": "1h",
    }.items():  # fmt: skip
        expression = expression.replace(variable, value)
    return expression


def queries() -> list[tuple[str, str]]:
    """(where, expression) of every panel."""
    return [
        (f"{file.stem}/{panel['title']}", target["expr"])
        for file in sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
        for panel in json.loads(file.read_text("utf-8"))["panels"]
        for target in panel.get("targets", ())
    ]


def test_every_query_of_a_dashboard_gives_series(prometheus: Prometheus) -> None:
    assert len(queries()) > 50
    empty = [where for where, query in queries() if not prometheus.ask(_plain(query))]
    assert empty == []


def test_every_variable_has_values(prometheus: Prometheus) -> None:
    for file in (ROOT / "grafana" / "dashboards").glob("*.json"):
        for variable in json.loads(file.read_text("utf-8"))["templating"]["list"]:
            if variable["type"] == "datasource":
                continue
            found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
            assert found
            series = prometheus.ask(_plain(found[1]))
            assert {one["metric"].get(found[2]) for one in series} - {None}


def test_every_selector_of_a_rule_gives_series(prometheus: Prometheus) -> None:
    """An alert must be able to fire: what it looks at is told."""
    for file in ("alerts.yaml", "recording.yaml"):
        for group in yaml.safe_load((ROOT / "grafana" / "rules" / file).read_text("utf-8"))[
            "groups"
        ]:
            for rule in group["rules"]:
                found = re.findall(r"(?:job\w*:)?dagnosis_[\w:]+(?:\{[^}]*\})?", rule["expr"])
                assert found
                for selector in found:
                    assert prometheus.ask(selector), f"{rule.get('alert')}: {selector}"
                if "record" in rule:
                    assert prometheus.ask(rule["record"]), rule["record"]


def test_prometheus_evaluates_every_rule(prometheus: Prometheus) -> None:
    groups = prometheus.get("/api/v1/rules")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == 26
    assert {
        (rule["name"], rule.get("lastError", "")) for rule in rules if rule["health"] == "err"
    } == set()


def test_no_metric_is_told_that_nobody_looks_at(prometheus: Prometheus) -> None:
    """Each family is in a dashboard or a rule; else it costs series for nothing."""
    from dagnosis.metrics.catalogue import FAMILIES

    asked = " ".join(query for _, query in queries())
    asked += "".join(
        path.read_text("utf-8") for path in (ROOT / "grafana" / "rules").glob("*.yaml")
    )
    assert [one.name for one in FAMILIES if one.name not in asked] == [
        "dagnosis_llm_duration_seconds"
    ]
    assert prometheus.ask('up{job="dagnosis"}')
