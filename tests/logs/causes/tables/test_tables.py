"""Every table against its golden rows, and the door that never raises."""

from __future__ import annotations

from pathlib import Path

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.errors import BrokenCause
from dagnosis.logs.causes.tables import look_up, tables
from dagnosis.logs.causes.tables.table import HERE, Table, fix_steps

GOLDEN = Path(__file__).parent / "golden"
TABLES = sorted(tables().by_name)
NAMED = [*TABLES, "exception_name"]


def rows(table: str) -> list[list[str]]:
    """Cells of each golden row: message, family, code; harmless rows have the message alone."""
    lines = (GOLDEN / f"{table}.tsv").read_text("utf-8").splitlines()
    return [
        [cell.replace("\\n", "\n") for cell in line.split("\t")]
        for line in lines
        if line and not line.startswith("#")
    ]


def test_every_table_has_golden_rows_and_no_others() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.tsv")) == sorted(NAMED)


@pytest.mark.parametrize("table", NAMED)
def test_golden(table: str) -> None:
    found = rows(table)
    named = [row for row in found if len(row) == 3]
    harmless = [row for row in found if len(row) == 1]
    assert len(named) + len(harmless) == len(found)
    assert len(named) >= 10
    assert len(harmless) >= 5
    for message, family, code in named:
        hits = look_up(message)
        assert (table, code) in [(hit.table, hit.code) for hit in hits], (message, hits)
        assert hits[0].family == family, (message, hits)
    for (message,) in harmless:
        assert look_up(message) == [], message


@pytest.mark.parametrize("path", sorted(HERE.glob("*.tsv")), ids=lambda path: path.stem)
def test_file_says_its_source_and_stays_small(path: Path) -> None:
    head = path.read_text("utf-8").partition("\n\n")[0]
    assert head.startswith("# ")
    assert "ource" in head or "Written for this project" in head
    assert path.stat().st_size <= 150_000


@pytest.mark.parametrize("name", [*TABLES, "words"])
def test_every_row_is_well_formed(name: str) -> None:
    table = Table(HERE / f"{name}.tsv")
    for code in table.codes():
        row = table.get(code)
        assert row is not None
        assert 1 <= row.weight <= 5.5, row
        assert row.name.strip(), row
        assert row.delay_seconds is None or row.delay_seconds > 0, row
        assert row.family != "unknown" or row.symptom, row
        assert row.delay_seconds is None or row.transience != "permanent", row


@pytest.mark.parametrize("name", TABLES)
def test_every_shape_finds_a_code(name: str) -> None:
    for shape in Table(HERE / f"{name}.tsv").shapes:
        compiled = re2.compile(shape.expression)
        if shape.code:
            assert Table(HERE / f"{name}.tsv").get(shape.code), shape
        else:
            assert compiled.groups >= 1, shape


def test_no_code_stands_in_two_rows_of_a_table() -> None:
    for name in TABLES:
        body = (HERE / f"{name}.tsv").read_text("utf-8").partition("\n\n")[2]
        columns = [line.split("\t")[0] for line in body.splitlines() if line[:1] not in ("", "#")]
        codes = [code for column in columns for code in column.replace("=", "|").split("|")]
        assert len(codes) == len(set(codes)), name


def test_every_key_of_steps_is_used() -> None:
    used = set()
    for name in [*TABLES, "words"]:
        for line in (HERE / f"{name}.tsv").read_text("utf-8").splitlines():
            cells = line.split("\t")
            used.add(cells[5] if len(cells) > 5 else "")
    assert set(fix_steps()) <= used, set(fix_steps()) - used


def test_stated_type_goes_before_the_one_that_leads_the_message() -> None:
    hits = look_up("no such thing", "botocore.exceptions.NoCredentialsError")
    assert [(hit.table, hit.code) for hit in hits] == [("exception", "NoCredentialsError")]


def test_row_of_the_package_goes_first() -> None:
    (hit,) = look_up("x", "redis.exceptions.DataError")
    assert hit.code == "redis.DataError"
    (hit,) = look_up("x", "asyncpg.exceptions.DataError")
    assert hit.code == "DataError"


def test_heaviest_first_and_each_row_once() -> None:
    hits = look_up(
        "psycopg2.errors.UniqueViolation: duplicate key value violates unique constraint"
    )
    assert [hit.code for hit in hits] == ["23505"]
    hits = look_up("sqlite3.OperationalError: database is locked")
    assert [hit.weight for hit in hits] == sorted((hit.weight for hit in hits), reverse=True)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# x\n%title a\nb\n\n", "may hold only"),
        ("# x\n%sheep a\n\n", "unknown directive"),
        ("# x\n\n1\tdata_error\tpermanent\n", "malformed row"),
        ("# x\n\n1\tbad_luck\tpermanent\t5\tname\n", "malformed row"),
        ("# x\n\n1\tdata_error\tsometimes\t5\tname\n", "malformed row"),
        ("# x\n\n1\tdata_error\tpermanent\t5\tname\tno_such_steps\n", "no steps"),
    ],
)
def test_broken_table_names_file_and_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "odd.tsv"
    path.write_text(text, "utf-8")
    with pytest.raises(BrokenCause, match=complaint):
        Table(path).get("1")


def test_unknown_code_is_none() -> None:
    assert tables().by_name["http"].get("299") is None


@given(st.text(st.characters(), max_size=300), st.text(st.characters(), max_size=30))
def test_never_raises(message: str, exception: str) -> None:
    for hit in look_up(message, exception):
        assert hit.family


@given(
    st.lists(
        st.sampled_from(
            ["Error: ", "(", "HTTP ", "404", "ORA-", "Code: ", "\ud800", "\0", "SQLSTATE", "exit "]
        ),
        max_size=20,
    )
)
def test_never_raises_on_pieces_of_codes(pieces: list[str]) -> None:
    for hit in look_up("".join(pieces)):
        assert hit.weight >= 1


def test_every_code_has_a_cause_of_its_own() -> None:
    causes: dict[str, str] = {}
    for name in TABLES:
        table = Table(HERE / f"{name}.tsv")
        for spelling in table.codes():
            row = table.get(spelling)
            assert row is not None
            code = row.code.lower()  # AWS writes InvalidSqlException and InvalidSQLException
            assert causes.setdefault(row.cause, code) == code
