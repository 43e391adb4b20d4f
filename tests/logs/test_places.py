"""Paths of logs, both ways."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.logs.places import DEFAULT, Template
from dagnosis.model import TaskRef

_ids = st.text(
    st.characters(blacklist_characters="/\n\r", blacklist_categories=["Cs", "Cc", "Zl", "Zp"]),
    min_size=1,
    max_size=20,
)


@given(_ids, _ids, _ids, st.integers(-1, 999), st.integers(0, 99))
def test_the_path_of_a_try_names_it(dag: str, run: str, task: str, index: int, number: int) -> None:
    ref = TaskRef(dag, run, task, index, number)
    assert Template().ref(Template().path(ref)) == ref


def test_another_template() -> None:
    template = Template("{{ ti.dag_id }}/{{ti.task_id}}/{{ run_id }}/{{ try_number }}.log")
    ref = TaskRef("a", "r", "b", -1, 3)
    assert template.path(ref) == "a/b/r/3.log"
    assert template.ref("a/b/r/3.log") == ref
    assert template.ref("a/b/r/attempt=3.log") is None


@pytest.mark.parametrize("text", ["{{ ts }}/x.log", "{% for x in y %}{% endfor %}"])
def test_what_is_not_understood_is_told(text: str) -> None:
    with pytest.raises(WrongUse, match="log template"):
        Template(text)


def test_tries_of_a_folder(tmp_path: Path) -> None:
    for name in (
        "dag_id=a/run_id=r/task_id=t/attempt=1.log",
        "dag_id=a/run_id=r/task_id=t/map_index=0/attempt=2.log",
        "dag_id=a/run_id=r/task_id=t/attempt=1.log.trigger.7.log",
        "scheduler/latest.log",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    found = [ref for ref, _ in Template(DEFAULT).tries(tmp_path)]
    assert found == [TaskRef("a", "r", "t"), TaskRef("a", "r", "t", 0, 2)]
    with pytest.raises(UnreadableInput, match="no such folder"):
        list(Template().tries(tmp_path / "nothing"))
