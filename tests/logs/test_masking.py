"""Variable parts go, codes that tell the cause stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.masking import RULES, mask


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Command exited with return code -9",
        "returned non-zero exit status 1.",
        "exited with 137",
        '"exit_code":137',
        "rc=1",
        "exit code 0xC0000005",
        "status=503",
        "exit code 3221225786",
        "HTTP/1.1 404",
        '"GET HTTP/1.1" 404',
        "404 Client Error: Not Found",
        "<Response [429]>",
        "HTTPError 500",
        "[Errno 2] No such file or directory",
        "Connection refused (111)",
        "WinError 5",
        "ORA-00942: table or view does not exist",
        "AADSTS50034",
        "000904 (42000): SQL compilation error",
        '(1045, "Access denied for user")',
        "SQLSTATE 42P01",
        "SQLSTATE[42S02]",
        "ERROR 1045 (28000)",
        "Msg 208, Level 16, State 1",
        "Code: 60. DB::Exception",
        "died with <Signals.SIGKILL: 9>.",
        "signal 9 (SIGKILL)",
        "Killed: 9",
        "utf-8 python3 s3 sha256 int64 us-east-1",
        "load_customers_to_bigquery_v2",
        "java.net.ConnectException",
        "std::vector read/write",
    ],
)
def test_kept(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Process 4711 exited, exit code: -11", "Process <num> exited, exit code: -11"),
        ("error 2.5, status: 2024-01-01", "error <num>, status: <time>"),
        ("3.11.7 20% 5,000 1e5", "<num> <num> <num> <num>"),
        ("12€ é7", "<num>€ é<num>"),
        ("01a20261-d113-7cd9-9126-9860476daa2d", "<uuid>"),
        ("0x7f12ab 9f86d081884c", "<hex> <hex>"),
        ("2026-11-22T08:32:33.622669Z 08:45:58,459", "<time> <time>"),
        ("01/Jan/2024:00:00:00 +0000 | 24/01/01 00:00:00", "<time> | <time>"),
        ("Mon Jan  1 00:00:00 2024", "<time>"),
        ("run_id=manual__2026-11-22T08:45:51+00:00", "run_id=manual__<time>"),
        ("10.0.0.7:5432 fe80::1 00:1a:2b:3c:4d:5e", "<ip> <ip> <ip>"),
        ("jane.doe@example.com", "<email>"),
        ("db.example.com:5432 is down", "<host> is down"),
        ("postgresql+psycopg2://u:p@h/db", "postgresql+psycopg2://<url>"),
        ("see https://example.com/a?b=1).", "see https://<url>)."),
        ("3.2s 1h5m 20 minutes", "<duration> <duration> <duration>"),
        ("512 MiB 20 bytes", "<size> <size>"),
        ('File "/opt/dags/etl.py", line 10, in load', 'File "<path>/etl.py", line <num>, in load'),
        ("/data/part-00017.parquet /tmp/x1", "<path>.parquet <path>"),
        (r"C:\a\b.sql", "<path>/b.sql"),
        ("application_1700000000000_0001", "application_<id>"),
        ("my-pod-7d9f8b6c5d-x2x4z", "my-pod-<id>"),
    ],
)
def test_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


PIECES = st.sampled_from(
    [
        "exit code",
        "error",
        "status",
        "-9",
        "404",
        "4711",
        "2.5",
        "/a/b1.py",
        "C:\\x",
        "://",
        "a1",
        "<num>",
        "<path>",
        "12:30:45",
        "2024-01-01",
        "Jan",
        "10.0.0.7",
        "::",
        "@x.com",
        ".com",
        "0xff",
        "deadbeef1",
        "ms",
        "KiB",
        "__",
        "_",
        "-",
        ".",
        ",",
        ":",
        "/",
        "(",
        "[",
        "'",
        '"',
        " ",
        "\n",
        "%",
        "é",
        "x",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join)))
def test_idempotent(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@given(st.binary())
def test_undecodable_bytes_pass(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    assert mask(mask(text)) == mask(text)


@given(st.integers(-255, 65535))
def test_codes_differ(code: int) -> None:
    assert mask(f"exit code {code}") == f"exit code {code}"
    assert mask(f"{abs(code)} rows") == "<num> rows"


def test_rules_have_distinct_names() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
