from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from lab.services import kubernetes


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    stop = kubernetes.start(port)
    yield f"http://127.0.0.1:{port}"
    stop()


def get(address: str) -> Any:
    with urlopen(address, timeout=10) as answer:
        return json.loads(answer.read())


def test_a_namespace_refuses_in_its_own_way(url: str) -> None:
    body = json.dumps({"metadata": {"name": "month-close"}}).encode()
    with pytest.raises(HTTPError) as error:
        urlopen(Request(f"{url}/apis/batch/v1/namespaces/finance/jobs", body), timeout=10)
    assert error.value.code == 403
    assert json.loads(error.value.read())["reason"] == "Forbidden"


def test_a_job_is_there_once_it_was_created(url: str) -> None:
    jobs = f"{url}/apis/batch/v1/namespaces/batch/jobs"
    with pytest.raises(HTTPError):
        urlopen(f"{jobs}/merge", timeout=10)
    urlopen(Request(jobs, b'{"metadata": {"name": "merge"}}'), timeout=10).close()
    assert get(f"{jobs}/merge")["status"]["active"] == 1


def test_events_are_those_of_the_pod(url: str) -> None:
    selector = "fieldSelector=involvedObject.name=tiles-render-m2b8s"
    items = get(f"{url}/api/v1/namespaces/batch/events?{selector}")["items"]
    assert [item["reason"] for item in items] == ["Evicted"]


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")
def test_a_real_kubectl_understands_it(url: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["kubectl", f"--server={url}", "-n", "batch", "describe", "pod", "features-join-7xk2p"],
        capture_output=True, text=True, check=True, timeout=60,
        env={"HOME": str(tmp_path), "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )  # fmt: skip
    assert "Reason:       OOMKilled" in done.stdout
