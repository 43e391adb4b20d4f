"""Importing dagnosis is light, and its public names are pinned."""

from __future__ import annotations

import subprocess
import sys

import dagnosis


def test_import_loads_nothing_heavy() -> None:
    heavy = "airflow torch sklearn onnxruntime duckdb numpy pandas pydantic rich sqlalchemy typer yaml re2 fastapi starlette uvicorn jinja2"
    code = f"import dagnosis, sys; print(sorted(set({heavy.split()!r}) & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_public_names() -> None:
    assert sorted(dagnosis.__all__) == ["Diagnosis", "__version__", "explain", "explain_text"]
    for name in dagnosis.__all__:
        assert getattr(dagnosis, name)


def test_the_command_line_loads_no_server() -> None:
    heavy = "fastapi starlette uvicorn jinja2 sqlalchemy duckdb numpy pydantic"
    code = f"import dagnosis.cli, sys; print(sorted(set({heavy.split()!r}) & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
