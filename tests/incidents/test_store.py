"""The store keeps the last word of each user, on both databases, and loses nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.errors import InternalError, ServiceUnreachable, UnreadableInput, WrongUse
from dagnosis.incidents import schema
from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.incidents.store import Store, open_store
from dagnosis.incidents.upgrade import VERSION_TABLE
from tests.incidents.making import START, emptied, failed, remembered

MISSING = "data_error.dataframe_column_missing"


def test_a_label_comes_back_for_training(store: Store) -> None:
    store.remember(remembered(1))
    store.label(remembered(1).id, "correct", "code_error.key_error", who="ann", note="was renamed")
    (label,) = store.labels()
    assert (label.detail, label.family, label.answered) == (
        "code_error.key_error",
        "code_error",
        MISSING,
    )
    assert (label.occurred, label.dag_id) == (START + timedelta(hours=1), "orders")
    (said,) = store.feedback()
    assert (said.verdict, said.who, said.note) == ("correct", "ann", "was renamed")
    assert said.given.tzinfo is not None


def test_the_last_word_of_a_user_counts(store: Store) -> None:
    for _ in range(3):
        store.remember(remembered(1))
        store.label(remembered(1).id, "confirm", MISSING, who="ann")
    store.label(remembered(1).id, "correct", "network.refused", who="ann")
    assert [said.detail for said in store.feedback()] == ["network.refused"]
    assert store.count() == 1


def test_contradictions_give_no_label_without_a_clear_majority(store: Store) -> None:
    store.remember(remembered(1))
    store.label(remembered(1).id, "confirm", MISSING, who="ann")
    store.label(remembered(1).id, "correct", "network.refused", who="bob")
    assert store.labels() == []
    store.label(remembered(1).id, "confirm", MISSING, who="eve")
    assert [label.detail for label in store.labels()] == [MISSING]


def test_labels_are_in_order_of_time(store: Store) -> None:
    for number in (5, 2, 9, 1):
        store.remember(remembered(number))
        store.label(remembered(number).id, "confirm", MISSING, who="ann")
    assert [label.id for label in store.labels()] == [remembered(n).id for n in (1, 2, 5, 9)]


def test_a_better_diagnosis_keeps_the_feedback(store: Store) -> None:
    store.remember(remembered(1))
    store.label(remembered(1).id, "confirm", MISSING, who="ann")
    store.remember(remembered(1, confidence=0.99, fingerprint="f2"))
    assert [said.fingerprint for said in store.feedback()] == ["f2"]
    assert store.feedback("f1") == []
    assert _failures(store) == ["f2"]


def _failures(store: Store) -> list[str]:
    return [row[0] for row in store.rows("SELECT fingerprint FROM failure ORDER BY 1", {})]


def test_forget_takes_the_feedback_along(store: Store) -> None:
    for number, dag in ((1, "orders"), (2, "orders"), (3, "stock")):
        store.remember(remembered(number, fingerprint=f"f{number}", dag_id=dag))
        store.label(remembered(number).id, "confirm", MISSING, who="ann")
    assert store.forget() == 0
    assert store.forget(fingerprint="f1") == 1
    assert store.forget(diagnosis="nothing") == 0
    assert store.forget(dag_id="orders") == 1
    assert [said.fingerprint for said in store.feedback()] == ["f3"]
    assert _failures(store) == ["f3"]
    assert store.forget(all_of_it=True) == 1
    assert (store.count(), store.feedback(), store.labels()) == (0, [], [])
    assert _failures(store) == []


def test_a_label_needs_its_diagnosis(store: Store) -> None:
    with pytest.raises(WrongUse, match="no such diagnosis"):
        store.label("0" * 16, "confirm", MISSING, who="ann")


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(sa.exc.StatementError, match="no time zone"):
        store.remember(remembered(1, occurred=datetime(2026, 11, 1)))


def test_times_are_kept_in_utc(store: Store) -> None:
    oslo = timezone(timedelta(hours=1))
    store.remember(remembered(1, occurred=datetime(2026, 11, 1, 0, 30, tzinfo=oslo)))
    store.label(remembered(1).id, "confirm", MISSING, who="ann")
    assert store.labels()[0].occurred.isoformat() == "2026-10-31T23:30:00+00:00"


TEXTS = st.text(st.characters(codec=None), max_size=60)


@settings(max_examples=60, deadline=None)
@given(message=TEXTS, note=TEXTS, who=st.text(min_size=1, max_size=20))
def test_any_text_is_kept_by_sqlite(
    two: tuple[Incidents, Incidents], message: str, note: str, who: str
) -> None:
    _keeps_any_text(str(emptied(two[0]).place.file), message, note, who)


@pytest.mark.parametrize("text", ["\0", "a\0b\ud800", "'; DROP TABLE feedback; --", "é\N{SNOWMAN}"])
def test_hostile_text_is_kept(setting: str, text: str) -> None:
    _keeps_any_text(setting, text, text, text)


def _keeps_any_text(setting: str, message: str, note: str, who: str) -> None:
    with open_store(setting) as store:
        store.remember(remembered(1, message=message, dag_id=message))
        store.label(remembered(1).id, "confirm", MISSING, who=who, note=note)
        (said,) = store.feedback()
        expected = note.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace")
        assert said.note == expected.decode()
        assert len(store.labels()) == 1


# ---------------------------------------------------------------- the schema


def test_the_revisions_lead_to_the_schema(store: Store) -> None:
    with store._engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, schema.metadata) == []


def test_every_revision_can_be_taken_back(store: Store) -> None:
    from alembic.operations import Operations

    from dagnosis.incidents.migrations.versions import (
        v0001_start,
        v0002_incidents,
        v0003_indexes,
    )

    with store._engine.begin() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context):
            v0003_indexes.downgrade()
            v0002_incidents.downgrade()
            v0001_start.downgrade()
        assert not sa.inspect(connection).has_table("diagnosis")


def test_a_store_of_the_first_incidents_is_brought_up_with_what_it_holds(setting: str) -> None:
    from alembic.operations import Operations

    from dagnosis.incidents.migrations.versions import v0003_indexes

    with open_incidents(setting) as incidents:
        incidents.record([failed(1), failed(2, "f2", dag="other")])
        with incidents._writing() as connection:
            with Operations.context(MigrationContext.configure(connection)):
                v0003_indexes.downgrade()
            connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = 'v0002'")
    with open_incidents(setting) as incidents:
        mine = incidents.find(Query(readable=frozenset({"other"})))
        assert [f.fingerprint for f in mine.incidents] == ["f2"]
        assert incidents.find(Query()).total == 2
        indexes = sa.inspect(incidents._engine).get_indexes("incident_dag")
        assert "incident_dag_last" in {index["name"] for index in indexes}


OPEN = """
import sys
from dagnosis.incidents.store import open_store
from tests.incidents.making import remembered
with open_store(sys.argv[1]) as store:
    for number in range(int(sys.argv[2]), int(sys.argv[2]) + 25):
        store.remember(remembered(number))
        store.label(remembered(number).id, "confirm", "network.refused", who="ann")
"""


def test_processes_create_and_write_at_once(setting: str) -> None:
    arguments = [sys.executable, "-c", OPEN, setting]
    running = [
        subprocess.Popen([*arguments, str(start)], stderr=subprocess.PIPE, text=True)
        for start in (100, 200, 300)
    ]
    complaints = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], complaints
    with open_store(setting) as store:
        assert store.count() == 75
        assert len(store.labels()) == 75


def test_a_newer_schema_is_refused(store: Store, setting: str) -> None:
    with store._engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = 'v9999'")
    with pytest.raises(UnreadableInput, match="newer dagnosis"):
        open_store(setting)


def test_tables_of_something_else_are_let_be(setting: str) -> None:
    with open_store(setting) as store, store._engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE {VERSION_TABLE}")
    with pytest.raises(UnreadableInput, match="tables of something else"):
        open_store(setting)


# ---------------------------------------------------------------- what goes wrong


def test_a_damaged_file_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"no database at all, but it was somebody's" * 100)
    before = path.read_bytes()
    with pytest.raises(UnreadableInput, match=r"store\.db: is damaged or no SQLite file"):
        open_store(str(path))
    assert path.read_bytes() == before


def test_a_file_damaged_inside_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(str(path)) as store:
        for number in range(200):
            store.remember(remembered(number))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")
        asked = "SELECT rootpage, page_size FROM sqlite_master, pragma_page_size WHERE name = ?"
        page, size = connection.execute(asked, ("diagnosis",)).fetchone()
    connection.close()
    content = bytearray(path.read_bytes())
    for place in range((page - 1) * size, page * size):
        content[place] ^= 0x5A
    path.write_bytes(content)
    with open_store(str(path)) as store, pytest.raises(UnreadableInput, match="is damaged"):
        store.remembered(remembered(7).id)
    assert path.read_bytes()[100:] == content[100:]  # the header says WAL now


def test_a_file_without_a_readable_schema_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_store(str(path)).close()
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\x5a" * 3996
    path.write_bytes(content)
    with pytest.raises(UnreadableInput, match="is damaged"):
        open_store(str(path))
    assert path.read_bytes()[100:] == content[100:]


def test_a_wrong_statement_is_our_fault_and_no_damage(store: Store) -> None:
    with pytest.raises(InternalError, match="fault of dagnosis") as caught:
        store.rows("SELECT 1 FROM nowhere", {})
    assert "damaged" not in str(caught.value)
    assert "nowhere" in str(caught.value)
    store.remember(remembered(1))
    with (
        pytest.raises(InternalError, match=r"IntegrityError|ForeignKeyViolation"),
        store._writing() as c,
    ):
        c.exec_driver_sql("UPDATE diagnosis SET fingerprint = 'gone'")
    assert store.remembered(remembered(1).id) == remembered(1)


def test_folders_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongUse, match=r"cannot be written.*DAGNOSIS_STORE"):
        open_store(str(tmp_path / "file" / "store.db"))
    with pytest.raises(WrongUse, match="cannot be written"):
        open_store(str(tmp_path))


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    open_store(str(tmp_path / "new" / "store.db")).close()
    assert (tmp_path / "new" / "store.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("setting", "error", "says"),
    [
        ("mysql://root@db/x", WrongUse, "mysql:// is not kept here"),
        ("sqlite://", WrongUse, "is not kept here"),
        (
            "postgresql://me:secret@127.0.0.1:1/x",
            ServiceUnreachable,
            "127.0.0.1:1/x: not reachable",
        ),
        ("postgresql+nothing://me@127.0.0.1/x", WrongUse, "URL cannot be read"),
    ],
)
def test_addresses_that_lead_nowhere(setting: str, error: type[Exception], says: str) -> None:
    if "127.0.0.1:1" in setting:
        pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(error, match=says) as caught:
        open_store(setting)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
