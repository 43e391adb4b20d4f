"""Whoever comes by another name, from another site, too large or too often is refused."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from dagnosis.errors import WrongUse
from dagnosis.pages.stores import Stores
from dagnosis.server.app import make
from dagnosis.server.guards import LARGEST, Buckets, is_local, name_of
from dagnosis.server.running import listening
from dagnosis.server.visitors import Visitors
from dagnosis.services.tokens import Tokens
from tests.server.conftest import client


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "",
        "[::1",
        "169.254.169.254",
        "0x7f000001",
    ],
)
def test_a_name_that_is_not_ours_is_refused(local: TestClient, host: str) -> None:
    for path in ("/", "/api/v1/incidents", "/healthz", "/static/style.css"):
        assert local.get(path, headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8642", "localhost", "LOCALHOST:1", "[::1]:8642"])
def test_our_own_names_are_known(local: TestClient, host: str) -> None:
    assert local.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_site_changes_nothing(local: TestClient, headers: dict[str, str]) -> None:
    body = {"ids": [1], "state": "resolved"}
    assert local.post("/api/v1/incidents/state", json=body, headers=headers).status_code == 403
    assert local.get("/api/v1/incidents/1").json()["state"] == "open"


def test_bodies_have_a_size(local: TestClient) -> None:
    large = b"x" * (LARGEST + 1)
    assert local.post("/incidents/state", content=large).status_code == 413

    def parts() -> object:
        yield from (large[: LARGEST // 2],) * 3

    kind = {"content-type": "application/json"}
    found = local.post("/api/v1/incidents/state", content=parts(), headers=kind)  # type: ignore[arg-type]
    assert found.status_code == 413
    assert local.get("/incidents?text=" + "x" * 20_000).status_code == 400
    assert local.get("/incidents/%00").status_code == 400


def test_clients_have_a_rate(stores: Stores, tokens: Tokens) -> None:
    app = make(stores, Visitors(tokens, trusting=True, user="me"), rate=1)
    visitor = client(app)
    answers = [visitor.get("/healthz") for _ in range(9)]
    assert [one.status_code for one in answers] == [200] * 8 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert client(app, client=("127.0.0.9", 1)).get("/healthz").status_code == 200


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    bucket = Buckets(rate=2, burst=2, clock=lambda: now[0])
    assert [bucket.take("a") for _ in range(3)] == [0, 0, 0.5]
    now[0] = 0.5
    assert bucket.take("a") == 0
    for number in range(5000):
        bucket.take(str(number))
    assert len(bucket._left) <= 4096


@pytest.mark.parametrize(
    "path", ["/", "/incidents", "/nothing", "/static/app.js", "/api/v1/risks", "/login"]
)
def test_every_answer_has_the_headers(local: TestClient, path: str) -> None:
    found = local.get(path).headers
    policy = found["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert found["x-content-type-options"] == "nosniff"
    assert found["referrer-policy"] == "same-origin"


def test_others_are_refused_until_a_token_exists() -> None:
    with pytest.raises(WrongUse, match="dagnosis token create"):
        listening("0.0.0.0", 0, authenticated=False)
    listening("127.0.0.1", 0, authenticated=False).close()
    listening("0.0.0.0", 0, authenticated=True).close()


def test_a_taken_port_is_named() -> None:
    with listening("127.0.0.1", 0, authenticated=False) as opened:
        opened.listen()
        port = opened.getsockname()[1]
        with pytest.raises(WrongUse, match=f"{port}.*choose another"):
            listening("127.0.0.1", port, authenticated=False)


def test_what_is_local() -> None:
    assert is_local("::1")
    assert not is_local("10.0.0.1")
    assert name_of("h:80:90") in ("", "h")
