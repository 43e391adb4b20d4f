"""The listener through Airflow's own hooks, with everything going wrong that can."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("airflow.sdk", reason="Airflow 3 is not installed")

from dagnosis.airflow import listener
from dagnosis.airflow.listener import WAIT_SECONDS, HintListener
from dagnosis.raised import UNPRINTABLE
from dagnosis.spool import Hint, Spool


def call(hook: str, listening: HintListener | None = None, **values: Any) -> float:
    """Call a hook as Airflow does; the seconds that it took."""
    from airflow.listeners.spec import dagrun, importerrors
    from airflow.sdk._shared.listeners.listener import ListenerManager
    from airflow.sdk._shared.listeners.spec import taskinstance

    manager = ListenerManager()
    for specs in (taskinstance, dagrun, importerrors):
        manager.add_hookspecs(specs)
    manager.add_listener(listening or HintListener())
    began = time.perf_counter()
    getattr(manager.hook, hook)(**values)
    return time.perf_counter() - began


def fail(error: Any, listening: HintListener | None = None) -> float:
    ti = SimpleNamespace(
        dag_id="orders", run_id="r1", task_id="load", map_index=-1, try_number=2, state="failed"
    )
    return call(
        "on_task_instance_failed", listening, previous_state=None, task_instance=ti, error=error
    )


def hints(folder: Path) -> tuple[Hint, ...]:
    return Spool(folder).read(str).hints


def test_a_failure_in_the_task(folder: Path) -> None:
    try:
        raise ValueError("no rows")
    except ValueError as error:
        fail(error)
    (hint,) = hints(folder)
    assert hint.key == ("orders", "r1", "load", -1, 2)
    assert (hint.kind, hint.where, hint.state) == ("task_failed", "task", "failed")
    assert hint.chain[0]["exc_type"] == "ValueError"
    assert hint.chain[0]["frames"][-1]["name"] == "test_a_failure_in_the_task"
    assert abs(hint.time - time.time()) < 60


def test_a_failure_that_the_scheduler_tells(folder: Path) -> None:
    fail("TaskInstance's state was manually set to `failed`.")
    (hint,) = hints(folder)
    assert (hint.where, hint.chain) == ("server", ())
    assert "manually set" in hint.text


def test_a_failed_run(folder: Path) -> None:
    run = SimpleNamespace(dag_id="orders", run_id="r1", _state="failed")
    call("on_dag_run_failed", dag_run=run, msg="timed_out")
    (hint,) = hints(folder)
    assert (hint.kind, hint.dag_id, hint.run_id, hint.text) == (
        "run_failed",
        "orders",
        "r1",
        "timed_out",
    )


def test_an_import_error_is_told_once_a_text(folder: Path) -> None:
    listening = HintListener()
    for hook, text in (
        ("on_new_dag_import_error", "one"),
        ("on_existing_dag_import_error", "one"),
        ("on_existing_dag_import_error", "one"),
        ("on_existing_dag_import_error", "two"),
    ):
        call(hook, listening, filename="orders.py", stacktrace=text)
    assert [hint.text for hint in hints(folder)] == ["one", "two"]


@pytest.mark.parametrize("raised", [ValueError, SystemExit, KeyboardInterrupt, MemoryError])
def test_an_error_that_cannot_be_printed(folder: Path, raised: type[BaseException]) -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise raised

    fail(Hostile())
    assert hints(folder)[0].chain[0]["exc_value"] == UNPRINTABLE


def test_a_hang_is_waited_for_once_and_shortly(folder: Path) -> None:
    class Hanging(Exception):
        def __str__(self) -> str:
            time.sleep(3)
            return ""

    listening = HintListener()
    assert WAIT_SECONDS <= fail(Hanging(), listening) < 2
    assert fail(ValueError("the next one"), listening) < WAIT_SECONDS
    assert hints(folder) == ()


@pytest.mark.parametrize("raised", [OSError, SystemExit, RuntimeError])
def test_a_store_that_breaks(
    folder: Path, monkeypatch: pytest.MonkeyPatch, raised: type[BaseException]
) -> None:
    def broken() -> Spool:
        raise raised

    monkeypatch.setattr(listener, "spool", broken)
    fail(ValueError("x"))
    assert hints(folder) == ()


def test_no_place_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    for place in (str(tmp_path / "file" / "below"), "/proc/nowhere", "\0"):
        if "\0" not in place:
            monkeypatch.setenv("AIRFLOW__DAGNOSIS__SPOOL", place)
        fail(ValueError("x"))


def test_no_thread_to_be_had(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(listener, "start_new_thread", refuse)
    fail(ValueError("x"))
    assert hints(folder) == ()


def test_switched_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__DAGNOSIS__LISTENER", "false")
    fail(ValueError("x"))
    assert hints(folder) == ()


def test_wrong_options_are_their_defaults(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__DAGNOSIS__SPOOL_CAP_BYTES", "much")
    fail(ValueError("x"))
    assert len(hints(folder)) == 1


def test_a_forked_child_writes_though_its_parent_hangs(folder: Path) -> None:
    code = """
    import os, time
    from types import SimpleNamespace
    from dagnosis.airflow.listener import HintListener

    class Hanging(Exception):
        def __str__(self):
            time.sleep(20)

    ti = SimpleNamespace(dag_id="orders", run_id="r", task_id="t", try_number=1)
    listener = HintListener()
    listener.on_task_instance_failed(None, ti, Hanging())
    if os.fork() == 0:
        listener.on_task_instance_failed(None, ti, ValueError("of the child"))
        os._exit(0)
    os.wait()
    os._exit(0)
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], check=True, env=os.environ, timeout=60
    )
    assert [hint.chain[0]["exc_value"] for hint in hints(folder)] == ["of the child"]


def test_the_plugin_is_found_and_loads_nothing_heavy() -> None:
    code = """
    import sys
    import airflow.plugins_manager, airflow.listeners
    before = set(sys.modules)
    from importlib.metadata import entry_points
    (plugin,) = [e for e in entry_points(group="airflow.plugins") if e.name == "dagnosis"]
    assert plugin.load().listeners
    new = {m for m in set(sys.modules) - before if not m.startswith("dagnosis")}
    outside = {m.partition(".")[0] for m in new} - set(sys.stdlib_module_names) - {"airflow"}
    assert not outside, outside
    assert "dagnosis.services" not in sys.modules
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], check=True, env=os.environ, timeout=120
    )


def test_the_provider_is_described() -> None:
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    manager.initialize_providers_list()
    assert manager.providers["dagnosis"].data["config"]["dagnosis"]["options"]["retry_mode"]
