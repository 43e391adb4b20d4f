"""Every source of dagnosis is proved by the public checks somewhere, and can be found by its name."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dagnosis.errors import WrongUse
from dagnosis.settings import Settings
from dagnosis.sources import opening

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("name", opening.NAMES)
def test_every_source_is_proved(name: str) -> None:
    module = importlib.import_module(f"dagnosis.sources.{name}")
    text = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("sources", "airflow")
        for path in (TESTS / folder).glob("test_*.py")
        if path != Path(__file__)
    )
    wanted = {"open_history": "check_run_history", "open_logs": "check_log_source"}
    assert any(hasattr(module, opens) for opens in wanted)
    for opens, check in wanted.items():
        if hasattr(module, opens):
            made = re.findall(r"return (\w+)\(", _source(module, opens))
            assert made, f"{name}.{opens} returns nothing that it makes"
            asked = rf"{check}\((?:{made[-1]}\(|open_\w+\(|logs\b)"
            assert re.search(asked, text), f"{made[-1]} is never given to {check}"


def _source(module: ModuleType, name: str) -> str:
    import inspect

    return inspect.getsource(getattr(module, name))


def test_a_source_of_another_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """By an entry point, which names its module."""
    module = ModuleType("their_source")
    module.open_logs = lambda settings, limits: ("logs", limits.whole_bytes)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "their_source", module)
    points = EntryPoints([EntryPoint("theirs", "their_source", opening.GROUP)])
    monkeypatch.setattr(opening, "entry_points", points.select)
    opened: Any = opening.open_logs(Settings(airflow_log_source="theirs", whole_bytes=7))
    assert opened == ("logs", 7)
    assert opening.names() == [*opening.NAMES, "theirs"]
    with pytest.raises(WrongUse, match="no runs"):
        opening.open_history(Settings(airflow_history_source="theirs"))
    with pytest.raises(WrongUse, match=r"no such source; there are airflow_api.*theirs"):
        opening.open_history(Settings(airflow_history_source="elsewhere"))


def test_what_is_set_decides(tmp_path: Path) -> None:
    both = Settings(
        airflow_url="http://127.0.0.1:9", airflow_database=f"sqlite:///{tmp_path}/a.db",
        airflow_logs=str(tmp_path),
    )  # fmt: skip
    assert type(opening.open_history(both)).__name__ == "DatabaseHistory"
    assert type(opening.open_logs(both)).__name__ == "LogFolder"
    with pytest.raises(WrongUse, match="no Airflow is set up"):
        opening.open_history(Settings())
    with pytest.raises(WrongUse, match="no logs are set up"):
        opening.open_logs(Settings())
    with pytest.raises(WrongUse, match="airflow_password_env"):
        opening.open_logs(Settings(airflow_url="http://127.0.0.1:9", airflow_user="ana"))
    with pytest.raises(WrongUse, match="NOT_SET is not set"):
        opening.open_logs(Settings(airflow_url="http://127.0.0.1:9", airflow_token_env="NOT_SET"))


def test_sources_load_no_more_than_they_need() -> None:
    code = (
        "import sys; import dagnosis.sources.opening, dagnosis.sources.airflow_api,"
        " dagnosis.sources.log_files, dagnosis.sources.object_store;"
        " print([m for m in ('httpx', 'fsspec', 'jinja2', 'sqlalchemy', 's3fs') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
