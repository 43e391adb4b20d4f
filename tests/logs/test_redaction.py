"""Secrets are gone, harmless text is untouched, lines stay, and twice is once."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.logs.redaction import RULES, redact
from dagnosis.logs.secrets import plausible
from tests.logs.data import Planted, harmless, secrets

PASSWORDS = ["hunter2", "S3cr3t!", "p@ss:w%rd", "correcthorse", "a,b;c", "mysecretpassword"]
NOTATIONS = [
    "password=%s",
    "password: %s",
    '"password": "%s"',
    "'password': '%s'",
    r"\"password\": \"%s\"",
    r"\\\"password\\\": \\\"%s\\\"",
    "export DB_PASSWORD=%s",
    'DB_PASSWORD = "%s"',
    "--password %s",
    "--db-password='%s'",
    "['--password', '%s']",
    "<password>%s</password>",
    "<name>javax.jdo.option.ConnectionPassword</name><value>%s</value>",
    "{'name': 'DB_PASSWORD', 'value': '%s', 'value_from': None}",
    "- name: DB_PASSWORD\n  value: %s",
    "host=h user=u password=%s dbname=d",
    "jdbc:sqlserver://h:1433;databaseName=d;user=u;password=%s",
    "Driver={ODBC Driver 18};Server=s;Uid=u;Pwd=%s;",
    "Connection(login='u', password='%s', host='h')",
    "CREATE USER u IDENTIFIED BY '%s'",
    "ALTER USER u WITH PASSWORD '%s'",
    "postgresql://u:%s@h:5432/db",
    "mongodb+srv://u:%s@c.example.net/db?retryWrites=true",
    "redis://:%s@h:6379/0",
    "mysql+pymysql://u:%s@h1:3306,h2:3306/db",
    "AIRFLOW_CONN_DWH='amqp://u:%s@/?x=y'",
    "curl -s -u user:%s https://example.com",
    "['curl', '--user', 'user:%s']",
    "sshpass -p '%s' ssh h",
    "mysql -h h -uroot -p'%s' db",
    "docker login -u u -p '%s' registry.example.com",
    "machine h login u password %s",
]


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("secret", PASSWORDS)
def test_named_passwords(notation: str, secret: str) -> None:
    text = notation.replace("%s", secret)
    clean = redact(text)
    assert secret not in clean
    assert "[redacted:password]" in clean
    assert redact(clean) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("db.host:5432:dwh:etl:s3cr3tpw", "db.host:5432:dwh:etl:[redacted:password]"),
        ("scott/tiger9@//dbhost:1521/ORCL", "scott/[redacted:password]@//dbhost:1521/ORCL"),
        ("Pwd={a;b c};Uid=u", "Pwd=[redacted:password];Uid=u"),
        ("a\npassphrase: correct horse\nb", "a\npassphrase: [redacted:password]\nb"),
        (
            "Authorization: Bearer abcdefghij0123456789",
            "Authorization: Bearer [redacted:authorization]",
        ),
        ('-H "X-Api-Key: abc-123-def-456"', '-H "X-Api-Key: [redacted:key]"'),
        ("Cookie: sid=a1b2c3; theme=dark", "Cookie: [redacted:cookie]"),
        ("card 4111 1111 1111 1111 declined", "card [redacted:card_number] declined"),
        ("card 4111 1111 1111 1112 declined", "card 4111 1111 1111 1112 declined"),
        ("IBAN DE89370400440532013000", "IBAN [redacted:iban]"),
        ("IBAN DE89370400440532013001", "IBAN DE89370400440532013001"),
        (
            "https://acct.blob.core.windows.net/c/b?sv=2024&sig=abc%2Bdef123%3D&se=1",
            "https://acct.blob.core.windows.net/c/b?sv=2024&sig=[redacted:signature]&se=1",
        ),
        ("password=[redacted:password], x=1", "password=[redacted:password], x=1"),
    ],
)
def test_what_is_left(text: str, clean: str) -> None:
    assert redact(text) == clean


HARMLESS = [
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "run_id=manual__2026-11-22T08:45:56.614+0000 550e8400-e29b-41d4-a716-446655440000",
    "arn:aws:iam::123456789012:role/etl s3://bucket/key/part-0001.parquet",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "token_count=5 max_tokens=512 api_key=None password=*** keys=['a','b']",
    "password policy updated",
    'secret "db-creds" not found',
    "primary_key=order_id",
    "sort_key: created_at",
    "PASSWORD_HASHERS = ['x'] author=bob",
    "Access denied for user 'x'@'h' (using password: YES)",
    "next_token=AAAAabc123456789==",
    "    conn = connect(user=user, password=password, host=host)",
    'api_key=os.environ["X_API_KEY"], token=self.token, password=Variable.get("db_password")',
    "password: str = None",
    "actions/checkout@v4 http://host:8080/path@v1?x=1",
    "abfss://container@account.dfs.core.windows.net/path",
    "docker run -u 1000:1000 image",
    "password={{ conn.x.password }}",
    "secret_arn=arn:aws:secretsmanager:eu-west-1:123:secret:prod/db-AbCdEf",
    "PWD=/home/airflow private_key_path=/opt/keys/rsa.p8",
    "token_type=bearer expires_in=3600",
    "KeyError: 'password'",
    "Secret: db-creds",
    "cache_key=5d41402abc4b2a76b9719d911017c592",
    "pass: 5 passed, 2 failed",
    "Basic authentication required",
    "password: required",
    "('user', 'password', 'email', 'created_at')",
    "Bad activity token: android.os.BinderProxy@2bd79ce",
]


@pytest.mark.parametrize("line", HARMLESS)
def test_harmless(line: str) -> None:
    assert redact(line) == line


ARMOUR = "\n".join(
    ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"] * 3 + ["x9Kq3w=="]
)


@pytest.mark.parametrize("name", ["RSA PRIVATE KEY", "PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])
@pytest.mark.parametrize("prefix", ["", "[2026-11-22] {etl.py:3} INFO - "])
def test_private_keys_keep_their_lines(name: str, prefix: str) -> None:
    key = f"before\n-----BEGIN {name}-----\n{ARMOUR}\n-----END {name}-----\nafter"
    clean = redact("\n".join(prefix + line for line in key.split("\n")))
    assert clean.split("\n")[0] == f"{prefix}before"
    assert clean.split("\n")[-1] == f"{prefix}after"
    assert clean.count("\n") == key.count("\n")
    assert not any(line in clean for line in ARMOUR.split("\n"))
    in_json = '{"private_key": "' + key.replace("\n", "\\n") + '", "client_email": "a@b.c"}'
    assert not any(line in redact(in_json) for line in ARMOUR.split("\n"))
    assert '"client_email": "a@b.c"' in redact(in_json)


def test_a_cut_private_key_ends_where_the_log_goes_on() -> None:
    text = f"-----BEGIN RSA PRIVATE KEY-----\n{ARMOUR[:100]}\nTask failed with exception"
    lines = redact(text).split("\n")
    assert lines == ["[redacted:private_key]"] * 3 + ["Task failed with exception"]


def test_every_rule_is_documented() -> None:
    for rule in RULES:
        assert rule.about.endswith("."), rule
        assert rule.kind.replace("_", "").isalpha(), rule


SECRET = (
    st.text(string.ascii_letters + string.digits + "!#*+-.~^", min_size=6, max_size=40)
    .filter(
        lambda s: s[0].isalnum() and any(c.isdigit() for c in s) and any(c.isalpha() for c in s)
    )
    .filter(lambda s: not plausible.path(s))
)  # what reads as a file's name is one: password=0.json
ANY = st.text(max_size=60)


@given(ANY, ANY, SECRET, st.sampled_from(NOTATIONS[:20]))
@settings(max_examples=300, deadline=None)
def test_a_planted_secret_goes_from_any_text(
    before: str, after: str, secret: str, notation: str
) -> None:
    text = f"{before}\n{notation.replace('%s', secret)}\n{after}"
    planted = text.count(secret)
    clean = redact(text)
    assert clean.count(secret) < planted
    assert clean.count("\n") == text.count("\n")


SIGNS = [*":=@\"'\\,;])}<>|&%{[( ", "\n", "://", "\\n"]
STARTS = ["token", "password", "key", "Authorization: Bearer ", "Cookie: a=b", "?sig=", "eyJhbGci"]
PLACED = ["-----BEGIN PRIVATE KEY-----", "AKIAIOSFODNN7EXAMPLE", "[redacted:password]"]
PIECES = st.sampled_from([*NOTATIONS, *HARMLESS, *SIGNS, *STARTS, *PLACED])


@given(st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=12).map("".join))
@settings(max_examples=600, deadline=None)
def test_twice_is_once_and_lines_stay(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
    assert once.count("\n") == text.count("\n")


@given(st.text(st.characters(codec=None), max_size=200))
@settings(deadline=None)
def test_never_raises_on_any_text(text: str) -> None:
    assert redact(text).count("\n") == text.count("\n")


def test_surrogates_survive() -> None:
    assert redact("\udc80 password=hunter2") == "\udc80 password=[redacted:password]"


def test_a_long_line_is_read_in_one_pass() -> None:
    text = "password=hunter2&" * 2000
    assert redact(text) == "password=[redacted:password]&" * 2000


@pytest.mark.parametrize("planted", secrets(), ids=lambda planted: planted.kind)
def test_planted_secrets_of_another_author(planted: Planted) -> None:
    clean = redact(planted.text)
    assert [secret for secret in planted.secrets if secret in clean] == []
    assert redact(clean) == clean
    assert clean.count("\n") == planted.text.count("\n")


def test_harmless_lines_of_another_author() -> None:
    assert [line for line in harmless() if redact(line) != line] == []
