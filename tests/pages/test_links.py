"""Addresses: every id comes back as it was, and leads nowhere else."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from dagnosis.model import TaskRef
from dagnosis.pages.links import Links

ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(ids, ids, ids, st.integers(-1, 5000), st.integers(1, 50))
def test_a_try_comes_back(dag: str, run: str, task: str, index: int, number: int) -> None:
    found = urlsplit(Links(base="/dagnosis").task(TaskRef(dag, run, task, index, number)))
    assert not found.scheme
    assert not found.netloc
    parts = [unquote(part) for part in found.path.split("/")]
    assert parts == ["", "dagnosis", "dags", dag, "runs", run, "tasks", task]
    asked = parse_qs(found.query)
    assert asked["try_number"] == [str(number)]
    assert asked.get("map_index", ["-1"]) == [str(index)]


@given(ids)
def test_nothing_leaves_airflow(dag: str) -> None:
    found = urlsplit(Links(airflow="https://airflow.example/base/").airflow_dag(dag))
    assert (found.scheme, found.netloc) == ("https", "airflow.example")
    assert found.path.startswith("/base/dags/")
    assert not found.query


def test_without_airflow_nothing_leads_there() -> None:
    ref = TaskRef("d", "r", "t")
    assert [
        Links().airflow_dag("d"),
        Links().airflow_run("d", "r"),
        Links().airflow_task(ref, 3),
    ] == [""] * 3


def test_a_line_of_a_mapped_try() -> None:
    found = Links(airflow="http://a").airflow_task(TaskRef("d", "r", "t", 4, 2), 17)
    assert found == "http://a/dags/d/runs/r/tasks/t/mapped/4?try_number=2#17"


def test_empty_values_are_left_out_and_lists_repeat() -> None:
    assert (
        Links().to("incidents", text="", state=("open", "muted"))
        == "/incidents?state=open&state=muted"
    )
