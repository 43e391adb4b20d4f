"""The fault files of the lab load without Airflow and keep what `lab.fault.Fault` promises."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from dagnosis.model import FAMILIES as KNOWN
from lab import catalogue
from lab.fault import FAMILIES, NONE, TRANSIENCES, Fault

FILES = catalogue.files()
IDS = [f"{path.parent.name}/{path.stem}" for path in FILES]
FAULTS = catalogue.load_all()


@pytest.fixture(params=FILES, ids=IDS)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def fault(path: Path) -> Fault:
    return catalogue.load(path)


def test_families_are_those_of_dagnosis() -> None:
    assert set(FAMILIES) - {NONE} == set(KNOWN) - {"unknown"}


def test_there_is_a_fault_of_every_family() -> None:
    assert {fault.family for fault in FAULTS} == set(FAMILIES)


def test_loading_needs_no_airflow() -> None:
    code = (
        "import sys; from lab import catalogue; catalogue.load_all();"
        "print(sorted(name for name in sys.modules if name.split('.')[0] == 'airflow'))"
    )
    root = Path(catalogue.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("field", ["name", "dag_id"])
def test_no_two_faults_share(field: str) -> None:
    counts = Counter(getattr(fault, field) for fault in FAULTS)
    assert [name for name, count in counts.items() if count > 1] == []


def test_lies_where_its_name_and_family_say(fault: Fault, path: Path) -> None:
    assert catalogue.path_of(fault) == path


def test_families_and_transience_are_known(fault: Fault) -> None:
    assert fault.family in FAMILIES
    assert set(fault.accepted) <= set(FAMILIES) - {NONE, fault.family}
    assert fault.transience in TRANSIENCES
    assert fault.cause


def test_has_either_tasks_or_a_broken_source(fault: Fault) -> None:
    assert (fault.build is None) != (fault.source is None)


def test_states_its_cause_or_says_why_not(fault: Fault) -> None:
    if fault.family == NONE:
        assert fault.states is None
    elif fault.states is None:
        assert fault.silent_because
    else:
        assert len(fault.states) >= 4
        assert not fault.silent_because


def test_dag_id_does_not_tell_the_family(fault: Fault) -> None:
    assert fault.family not in fault.dag_id
    assert fault.name not in fault.dag_id


def test_imports_airflow_inside_build_only(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [
        name
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in [getattr(node, "module", None) or node.names[0].name]
    ]
    assert [name for name in imported if name.startswith(("airflow", "lab.authoring"))] == []
