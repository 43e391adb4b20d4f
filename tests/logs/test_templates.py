"""Templates: what varies goes, what tells the cause stays, whatever the log costs no more."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.templates import OTHER, Budget, Template, mine

RNG = random.Random(11)


def texts(lines: list[str], budget: Budget | None = None) -> list[tuple[int, str]]:
    return [(template.count, template.text) for template in mine(lines, budget)]


def test_one_template_with_its_numbers() -> None:
    lines = ["", *(f"loaded {n} rows of orders in {n}.5 ms" for n in range(500)), "done"]
    assert mine(lines) == [
        Template(
            id=mine(lines)[0].id,
            text="loaded <num> rows of orders in <duration>",
            count=500,
            first_line=2,
            last_line=501,
            example="loaded 0 rows of orders in 0.5 ms",
        ),
        Template(mine(["done"])[0].id, "done", 1, 502, 502, "done"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Command exited with return code {}",
        "GET /orders answered HTTP 1.1 status {} in 20 ms",
        "[2026-11-22T08:45:54.{}0+0000] {{x.py:3}} ERROR - [Errno {}] while reading part 7",
        "Task was killed by signal {} at 08:45:5{}",
        "{} Client Error: Not Found for url: https://x.y/{}",
        "ORA-{}: row {} is wrong",
        '{{"timestamp":"2026-11-22T08:32:33.{}Z","event":"Process exited","exit_code":{},"lineno":5}}',
        '{{"event":"row {} of 5","level":"error","status":{},"logger":"a"}}',
    ],
)
def test_codes_share_no_template(line: str) -> None:
    codes = ("101", "404", "500")
    lines = [line.format(code, code) for code in codes for _ in range(40)]
    RNG.shuffle(lines)
    found = mine(lines)
    assert [template.count for template in found] == [40, 40, 40]
    for template, code in zip(sorted(found, key=lambda t: t.text), codes, strict=True):
        assert code in template.text
        assert code in template.example


def test_words_that_vary_become_wildcards() -> None:
    names = [f"{a}{b}" for a in "qrstuvwxyz" for b in "ghijklmnop"]
    lines = [f"the user {name} has logged in from {name}1" for name in names]
    assert texts(lines) == [(100, "the user <*> has logged in from <*>")]
    assert texts([f"worker-{n} took batch {n} of the queue" for n in range(99)]) == [
        (99, "<*> took batch <num> of the queue")
    ]


def test_failure_and_success_stay_apart() -> None:
    lines = ["job a of the nightly batch succeeded", "job a of the nightly batch failed"]
    assert len(mine(lines)) == 2
    assert len(mine([f"{line} INFO x" for line in lines] + lines)) == 4


def test_ids_of_many_letters_are_one_template() -> None:
    lines = [f"request {RNG.getrandbits(128):032x} took {n} ms" for n in range(3000)]
    assert texts(lines, Budget(masked=50)) == [(3000, "request <hex> took <duration>")]


def test_a_json_line_is_its_event() -> None:
    line = (
        '{"timestamp":"2026-11-22T08:32:33Z","level":"error","event":"Task failed with exception",'
    )
    line += '"logger":"task","error_detail":[{"exc_type":"A"},{"exc_type":"KeyError"}]}'
    assert texts([line]) == [(1, "error task: Task failed with exception [KeyError]")]
    assert texts(['{"event":5}', '{"event":', "{"]) == [
        (1, '{"event":<num>}'),
        (1, '{"event":'),
        (1, "{"),
    ]


def test_beyond_the_budget() -> None:
    def word() -> str:
        return "".join(RNG.choices("ghijklmnopqrstuvwxyz", k=8))

    lines = [" ".join(word() for _ in range(9)) for _ in range(4000)]
    found = mine([*lines, *["the same line"] * 3], Budget(masked=100, templates=30))
    assert sum(template.count for template in found) == 4003
    assert found[0].id == OTHER
    assert len(found) <= 31
    assert found == mine([*lines, *["the same line"] * 3], Budget(masked=100, templates=30))


def test_empty() -> None:
    assert mine([]) == []
    assert mine([b""]) == []
    assert mine(["", " \t"]) == []


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "ok",
                "",
                "exit code 1",
                "exit code 2",
                "row 5",
                "row 71 ok",
                "é 5",
                "a b c d",
                "a b x d",
            ]
        ),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=20),
    ),
    max_size=60,
)


@given(LINES, st.integers(1, 40))
def test_every_line_is_counted_once(lines: list[str], size: int) -> None:
    data = "".join(line + "\n" for line in lines).encode()
    found = mine([data[at : at + size] for at in range(0, len(data), size)])
    assert sum(template.count for template in found) == sum(
        bool(line.encode().strip()) for line in lines
    )
    assert len({template.id for template in found}) == len(found)
    assert found == sorted(found, key=lambda template: (-template.count, template.first_line))
    for template in found:
        first = lines[template.first_line - 1]
        assert template.example == first.encode().decode().strip()
        assert template.first_line <= template.last_line <= len(lines)
        assert "\x01" not in template.text or "\x01" in first
    assert found == mine([data])


SHARED = Path(os.environ.get("DAGNOSIS_SHARED", Path(__file__).parents[3] / "shared"))
SAMPLE = SHARED / "airflow_logs_sample"


@pytest.mark.skipif(
    not SAMPLE.is_dir(), reason="no sample logs beside the project (DAGNOSIS_SHARED)"
)
def test_real_logs() -> None:
    logs = [path.read_bytes() for path in sorted(SAMPLE.glob("*.log"))]
    found = mine(logs)
    lines = sum(bool(line.strip()) for log in logs for line in log.split(b"\n"))
    assert sum(template.count for template in found) == lines
    # 4,600 lines of 164 tries: some hundred kinds of lines
    assert 100 < len(found) < 400
    by_text = {template.text: template.count for template in found}
    assert by_text["info etl.nightly: processed record <num> of <num> (store=<num>)"] == 3000
    assert any(text.endswith("Command exited with return code -9") for text in by_text)
    assert any(text.endswith("Command exited with return code 127") for text in by_text)
