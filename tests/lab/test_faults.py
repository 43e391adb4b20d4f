"""The fault files of the lab load without Airflow and keep what `lab.fault.Fault` promises.

Each test asks for the faults that break one promise: the list is empty, or names them.
"""

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
FAULTS = catalogue.load_all()


def states_well(fault: Fault) -> bool:
    """Whether the fault says which line states its cause, or why none does."""
    if fault.family == NONE:
        return fault.states is None
    if fault.states is None:
        return bool(fault.silent_because)
    return len(fault.states) >= 4 and not fault.silent_because


def imports_at_the_top(path: Path) -> list[str]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    names = [node.module or "" for node in body if isinstance(node, ast.ImportFrom)]
    return names + [
        part.name for node in body if isinstance(node, ast.Import) for part in node.names
    ]


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


def test_files_lie_where_name_and_family_say() -> None:
    assert [catalogue.path_of(fault) for fault in FAULTS] == FILES


def test_words_are_known() -> None:
    assert [fault.name for fault in FAULTS if fault.family not in FAMILIES] == []
    assert [fault.name for fault in FAULTS if fault.transience not in TRANSIENCES] == []
    for fault in FAULTS:
        assert set(fault.accepted) <= set(FAMILIES) - {NONE, fault.family}, fault.name


def test_every_fault_says_what_was_injected() -> None:
    assert [fault.name for fault in FAULTS if not fault.cause] == []


def test_a_fault_has_either_tasks_or_a_broken_source() -> None:
    both = [fault.name for fault in FAULTS if (fault.build is None) == (fault.source is None)]
    assert both == []


def test_a_fault_states_its_cause_or_says_why_not() -> None:
    assert [fault.name for fault in FAULTS if not states_well(fault)] == []


def test_dag_ids_do_not_give_the_answer() -> None:
    telling = [f.name for f in FAULTS if f.family in f.dag_id or f.name in f.dag_id]
    assert telling == []


def test_airflow_is_imported_inside_build_only() -> None:
    for path in FILES:
        names = [n for n in imports_at_the_top(path) if n.startswith(("airflow", "lab.authoring"))]
        assert names == [], path


def test_the_tables_of_the_readme_are_todays() -> None:
    text = catalogue.README.read_text(encoding="utf-8")
    assert catalogue.in_readme(text) == text
