"""Logs in a bucket of moto's S3 server, and in stores that do not answer."""

from __future__ import annotations

import gzip
import importlib.util
from typing import Any

import pytest

from dagnosis.errors import ServiceUnreachable, WrongUse
from dagnosis.model import TaskRef
from dagnosis.sources.checks import check_log_source
from dagnosis.sources.object_store import ObjectLogs
from tests.sources.conftest import free_port
from tests.sources.making import SECRET

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("fsspec") is None,
    reason="fsspec is not installed (pip install 's3fs')",
)
LOAD = TaskRef("orders", "r1", "load", -1, 2)
PART = TaskRef("orders", "r1", "part", 0, 1)
FILES = {
    "dag_id=orders/run_id=r1/task_id=load/attempt=2.log": b'{"event":"amount is missing"}\n',
    "dag_id=orders/run_id=r1/task_id=part/map_index=0/attempt=1.log.gz": gzip.compress(b"ValueError: x\n"),
    "dag_id=orders/run_id=r1/task_id=wait/attempt=1.log": b"deferring",
    "dag_id=orders/run_id=r1/task_id=wait/attempt=1.log.trigger.3.log": b"TriggerFailure: gone\n",
    "dag_id=orders/run_id=r1/task_id=empty/attempt=1.log": b"",
    "elsewhere/file.txt": b"no log of a try\n",
}  # fmt: skip


def filled(url: str, **options: Any) -> ObjectLogs:
    import fsspec

    store, root = fsspec.core.url_to_fs(url, **options)
    store.mkdirs(root, exist_ok=True)
    for below, data in FILES.items():
        store.pipe_file(f"{root}/{below}", data)
    return ObjectLogs(url, **options)


@pytest.fixture(params=["s3", "memory"])
def logs(request: pytest.FixtureRequest) -> ObjectLogs:
    if request.param == "memory":
        return filled("memory://airflow/logs")
    options = request.getfixturevalue("s3")
    import s3fs

    s3fs.S3FileSystem(**options).mkdirs("logs", exist_ok=True)
    return filled("s3://logs/prod/airflow/", **options)


def test_it_keeps_the_contract(logs: ObjectLogs) -> None:
    wait = TaskRef("orders", "r1", "wait")
    known = {LOAD: "amount is missing", PART: "ValueError", wait: "TriggerFailure"}
    missing = [TaskRef("orders", "r1", "empty"), TaskRef("orders", "r1", "nothing")]
    check_log_source(logs, known, missing, [SECRET])


def test_every_try_is_found(logs: ObjectLogs) -> None:
    found = {one.task: one for one in logs.walk()}
    assert set(found) == {
        LOAD,
        PART,
        TaskRef("orders", "r1", "wait"),
        TaskRef("orders", "r1", "empty"),
    }
    assert found[LOAD].size == 30
    assert found[LOAD].name.endswith("task_id=load/attempt=2.log")


def test_a_log_that_grows_is_read_anew(logs: ObjectLogs) -> None:
    assert logs.read(LOAD)
    logs._store.pipe_file(
        f"{logs._root}/dag_id=orders/run_id=r1/task_id=load/attempt=2.log", b"more\n"
    )
    log = logs.read(LOAD)
    assert log is not None
    assert log.lines == ["more"]


def test_a_bucket_that_is_not_there(s3: dict[str, Any]) -> None:
    assert ObjectLogs("s3://nowhere/logs", **s3).read(LOAD) is None


def test_a_store_that_is_down(s3: dict[str, Any]) -> None:
    down = {
        **s3,
        "endpoint_url": f"http://127.0.0.1:{free_port()}",
        "config_kwargs": {"retries": {"max_attempts": 0}},
    }
    with pytest.raises(ServiceUnreachable, match="s3://logs") as error:
        ObjectLogs("s3://logs", **down).read(LOAD)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("url", ["nothing://bucket", "gs://bucket/logs"])
def test_a_store_that_is_not_known(url: str) -> None:
    if url.startswith("gs") and importlib.util.find_spec("gcsfs"):
        pytest.skip("gcsfs is installed")
    with pytest.raises(WrongUse, match=r"gcs|airflow_logs"):
        ObjectLogs(url)
