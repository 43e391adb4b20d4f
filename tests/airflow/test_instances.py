"""Ids without a session."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm.exc import DetachedInstanceError

from dagnosis.airflow.instances import ids_of


class Base(DeclarativeBase):
    pass


class Instance(Base):
    __tablename__ = "instance"
    dag_id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str]
    try_number: Mapped[int]


def test_what_is_not_loaded_is_not_asked_for() -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        instance = Instance(dag_id="orders", task_id="load", try_number=2)
        session.add(instance)
        session.flush()
        assert ids_of(instance)["task_id"] == "load"
        session.expire(instance)
        assert ids_of(instance)["dag_id"] == ""
        assert not {"dag_id", "task_id"} & set(vars(instance))  # nothing was loaded by asking
    engine.dispose()
    with pytest.raises(DetachedInstanceError):
        _ = instance.task_id
    assert ids_of(instance)["try_number"] == 0


def test_anything_has_ids() -> None:
    class Odd:
        dag_id = "not of the instance"

        def __init__(self) -> None:
            self.run_id, self.map_index, self.try_number = 7, "x", None

    empty = {
        "dag_id": "",
        "run_id": "",
        "task_id": "",
        "map_index": -1,
        "try_number": 0,
        "state": "",
    }
    assert ids_of(Odd()) == ids_of(None) == ids_of(object()) == empty
