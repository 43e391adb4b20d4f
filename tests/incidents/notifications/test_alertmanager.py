"""Against a real Alertmanager."""

from __future__ import annotations

import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dagnosis.incidents.notifications.alertmanager import Alertmanager
from dagnosis.services.notify import sample
from dagnosis.settings import Settings

CONFIG = "route:\n  receiver: nobody\nreceivers:\n- name: nobody\n"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("Alertmanager is not installed (apt install prometheus-alertmanager)")
    import socket

    folder: Path = tmp_path_factory.mktemp("alertmanager")
    (folder / "a.yml").write_text(CONFIG)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [program, "--config.file=a.yml", "--storage.path=data", "--cluster.listen-address=",
         f"--web.listen-address=127.0.0.1:{port}"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/-/ready", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


def alerts(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=10) as answer:
        found: list[dict[str, Any]] = msgspec.json.decode(answer.read())
    return found


def test_an_incident_fires_until_it_is_resolved(url: str) -> None:
    from datetime import datetime, timedelta, timezone

    notifier = Alertmanager(url, allowed="127.0.0.1")
    now = datetime.now(timezone.utc)
    notice = sample(Settings(notify_incident_url="https://d.example"), now)
    notifier.notify(msgspec.structs.replace(notice, reason="new"))
    notifier.notify(msgspec.structs.replace(notice, reason="escalated", why="over 12 DAGs"))
    (alert,) = alerts(url)
    assert alert["labels"]["alertname"] == "DagnosisIncident"
    assert alert["annotations"]["description"].startswith("Over 12 DAGs")
    assert alert["annotations"]["quote"] == "ModuleNotFoundError: No module named 'pandas'"
    assert alert["status"]["state"] in ("active", "unprocessed")
    gone = msgspec.structs.replace(notice, reason="resolved", when=now - timedelta(seconds=1))
    notifier.notify(gone)
    assert alerts(url) == []
