"""The path of a log: as Airflow renders it, back again, and never out of the folder."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.errors import WrongUse
from dagnosis.model import TaskRef
from dagnosis.sources.checks import HOSTILE
from dagnosis.sources.log_paths import DEFAULT, PathTemplate

OLD = "{{ ti.dag_id }}/{{ ti.task_id }}/{{ ts }}/{{ try_number }}.log"
PYTHON = "{dag_id}/{task_id}/{run_id}/{try_number}.log"
FLAT = "{{ ti.dag_id }}~{{ ti.run_id }}~{{ ti.task_id }}~{{ '%03d' % try_number }}.log"
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
PLAIN = st.from_regex(r"[A-Za-z0-9_.:+\- ]{1,30}", fullmatch=True).filter(
    lambda text: text.strip(".") == text.strip() == text
)
RUN = "scheduled__2026-11-26T00:00:00+00:00"


@pytest.mark.parametrize(
    ("template", "task", "path"),
    [
        ("", TaskRef("d", RUN, "g.t", -1, 2), f"dag_id=d/run_id={RUN}/task_id=g.t/attempt=2.log"),
        ("", TaskRef("d", "r", "t", 0, 1), "dag_id=d/run_id=r/task_id=t/map_index=0/attempt=1.log"),
        (OLD, TaskRef("d", RUN, "t"), "d/t/2026-11-26T00:00:00+00:00/1.log"),
        (PYTHON, TaskRef("d", "r", "t", -1, 3), "d/t/r/3.log"),
        (FLAT, TaskRef("d", "r", "t", -1, 3), "d~r~t~003.log"),
    ],
)
def test_paths_as_airflow_renders_them(template: str, task: TaskRef, path: str) -> None:
    assert PathTemplate(template).path(task) == path


@pytest.mark.parametrize("template", [DEFAULT, PYTHON, FLAT])
@settings(max_examples=40, deadline=None)
@given(PLAIN, PLAIN, PLAIN, st.integers(-1, 9999), st.integers(1, 999))
def test_whose_a_log_is_can_be_told_by_its_path(
    template: str, dag: str, run: str, task: str, index: int, number: int
) -> None:
    used = PathTemplate(template)
    mapped = "map_index" in template
    ref = TaskRef(dag, run, task, index if mapped else -1, number)
    path = used.path(ref)
    assert path is not None
    if "~" not in template:
        assert used.task(path) == ref
    else:
        assert used.task(path) is not None


@settings(max_examples=40, deadline=None)
@given(NAMES, NAMES, NAMES, st.integers(-3, 10), st.integers(-3, 10))
def test_no_id_leads_out_of_the_folder(
    dag: str, run: str, task: str, index: int, number: int
) -> None:
    for template in (DEFAULT, OLD, PYTHON, FLAT):
        path = PathTemplate(template).path(TaskRef(dag, run, task, index, number))
        if path is not None:
            parts = path.split("/")
            assert not path.startswith("/")
            assert ".." not in parts
            assert "\0" not in path


@pytest.mark.parametrize("text", [text for text in HOSTILE if text not in ("~", "'; --")])
def test_hostile_ids_have_no_path(text: str) -> None:
    for template in (PYTHON, OLD):
        for ref in (TaskRef(text, "r", "t"), TaskRef("d", "r", text)):
            path = PathTemplate(template).path(ref)
            assert path is None or text in path.split("/")  # a name like any other


@pytest.mark.parametrize("path", ["", "a", "dag_id=d/attempt=1.log", "x/dag_id=d/run_id=r/task_id=t/attempt=1.log", "dag_id=d/run_id=r/task_id=t/attempt=x.log"])  # fmt: skip
def test_what_is_no_log_of_a_try(path: str) -> None:
    assert PathTemplate().task(path) is None


@pytest.mark.parametrize(
    "template", ["{{ ti.dag_id", "{nothing}", "{{ ti.nothing.more }}", "{{ 1/0 }}"]
)
def test_a_template_that_cannot_be_filled_in(template: str) -> None:
    with pytest.raises(WrongUse, match="airflow_log_template"):
        PathTemplate(template)


def test_a_template_cannot_run_programs() -> None:
    with pytest.raises(WrongUse):
        PathTemplate("{{ ti.__class__.__mro__[1].__subclasses__() }}")


def test_a_template_that_does_not_tell_whose_a_log_is() -> None:
    with pytest.raises(WrongUse, match="has no run_id"):
        PathTemplate(OLD).task("d/t/2026/1.log")
