"""Who may what: tokens, scopes, the door, the local user, forms."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.pages.stores import Stores
from dagnosis.server.app import make
from dagnosis.server.guards import Guards
from dagnosis.server.visitors import COOKIE, Visitors
from dagnosis.services.tokens import SCOPES, Tokens
from tests.server.conftest import FAST, client


@pytest.fixture
def closed(stores: Stores, tokens: Tokens) -> Guards:
    """The app as it is on other addresses: everybody shows a token."""
    made = make(
        stores, Visitors(tokens, trusting=False, user="me"), names=["dagnosis.example"], rate=FAST
    )
    made.writing.rate = made.writing.burst = FAST
    return made


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def test_without_a_token_nothing_is_told(closed: Guards) -> None:
    visitor = client(closed)
    assert visitor.get("/").headers["location"] == "/login"
    for path in ("/incidents", "/incidents/1", "/health", "/dags/orders", "/data", "/models"):
        assert visitor.get(path).headers["location"] == f"/login?next={quote(path, safe='')}"
    for path in ("/api/v1/incidents", "/api/v1/openapi.json", "/metrics"):
        found = visitor.get(path)
        assert (found.status_code, found.headers["www-authenticate"]) == (401, "Bearer")
    for path in (
        "/incidents/state",
        "/incidents/1/notes",
        "/feedback/x",
        "/models/causes/rollback",
        "/logout",
    ):
        assert visitor.post(path).headers["location"] == "/login"
    assert visitor.get("/api/v1/incidents", headers=bearer("dagnosis_wrong")).status_code == 401


def test_scopes_include_those_below(closed: Guards, tokens: Tokens) -> None:
    visitor = client(closed)
    read, write, admin = (tokens.create(scope, scope) for scope in SCOPES)
    change = {"ids": [1], "state": "acknowledged"}
    for secret, codes in (
        (read, [200, 403, 403]),
        (write, [200, 200, 403]),
        (admin, [200, 200, 400]),
    ):
        assert [
            visitor.get("/api/v1/incidents", headers=bearer(secret)).status_code,
            visitor.post(
                "/api/v1/incidents/state", json=change, headers=bearer(secret)
            ).status_code,
            visitor.post("/api/v1/models/none/rollback", headers=bearer(secret)).status_code,
        ] == codes


def test_a_revoked_token_is_refused_at_once(closed: Guards, tokens: Tokens) -> None:
    visitor = client(closed)
    secret = tokens.create("anna", "read")
    assert visitor.get("/api/v1/incidents", headers=bearer(secret)).status_code == 200
    Tokens(tokens.path).revoke("anna")
    assert visitor.get("/api/v1/incidents", headers=bearer(secret)).status_code == 401


def test_signing_in_and_out(closed: Guards, tokens: Tokens) -> None:
    visitor = client(closed)
    secret = tokens.create("anna", "write")
    door = visitor.get("/login")
    cookie = door.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    value = csrf(door.text)
    assert visitor.post("/login", data={"csrf": value, "token": "dagnosis_no"}).status_code == 401
    assert visitor.post("/login", data={"csrf": "0" * 64, "token": secret}).status_code == 403
    entered = visitor.post("/login", data={"csrf": value, "token": secret})
    assert entered.headers["location"] == "/"
    page = visitor.get("/")
    assert page.status_code == 200
    assert "anna" in page.text
    assert secret not in page.text + entered.headers["set-cookie"]
    tokens.revoke("anna")
    assert visitor.get("/").headers["location"] == "/login"


@pytest.mark.parametrize(
    ("wanted", "led"),
    [("/incidents/7?x=1", "/incidents/7?x=1"), ("//evil.example", "/"), ("/\\evil.example", "/"),
     ("https://evil.example", "/"), ("/a\r\nSet-Cookie: x=1", "/"), ("javascript:alert(1)", "/")],
)  # fmt: skip
def test_the_door_leads_to_what_was_wanted_and_nowhere_else(
    closed: Guards, tokens: Tokens, wanted: str, led: str
) -> None:
    visitor = client(closed)
    value = csrf(visitor.get("/login", params={"next": wanted}).text)
    sent = {"csrf": value, "token": tokens.create("anna", "read"), "next": wanted}
    assert visitor.post("/login", data=sent).headers["location"] == led


def test_guessing_is_slowed_down(closed: Guards) -> None:
    visitor = client(closed)
    codes = [
        visitor.get("/api/v1/incidents", headers=bearer(f"x{n}")).status_code for n in range(12)
    ]
    assert codes == [401] * 10 + [429] * 2


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "via", "x-real-ip"])
def test_what_comes_through_a_proxy_is_not_from_here(local: TestClient, header: str) -> None:
    assert local.get("/").status_code == 200
    assert local.get("/", headers={header: "10.1.1.1"}).status_code == 303


def test_another_machine_is_not_here(app: Guards) -> None:
    assert client(app, client=("10.1.1.1", 1)).get("/").status_code == 303


def test_the_local_user_may_write_and_not_change_models(local: TestClient) -> None:
    value = csrf(local.get("/incidents").text)
    done = local.post(
        "/incidents/state", data={"csrf": value, "id": ["1", "2"], "state": "acknowledged"}
    )
    assert done.headers["location"] == "/incidents?done=acknowledged"
    assert {one["state"] for one in local.get("/api/v1/incidents").json()["incidents"]} == {
        "acknowledged"
    }
    assert local.post("/models/causes/rollback", data={"csrf": value}).status_code == 403


def test_a_form_needs_its_value(local: TestClient) -> None:
    local.get("/incidents")
    for value in ("", "0" * 64):
        sent = {"csrf": value, "id": "1", "state": "resolved"}
        assert local.post("/incidents/state", data=sent).status_code == 403
    fresh = client(local.app)
    assert (
        fresh.post(
            "/incidents/state", data={"csrf": "", "id": "1", "state": "resolved"}
        ).status_code
        == 403
    )
    assert local.get("/api/v1/incidents/1").json()["state"] == "open"


def test_a_browser_needs_the_value_for_the_api_too(local: TestClient) -> None:
    value = csrf(local.get("/incidents").text)
    body = {"ids": [1], "state": "resolved"}
    assert local.cookies.get(COOKIE)
    assert local.post("/api/v1/incidents/state", json=body).status_code == 403
    assert (
        local.post("/api/v1/incidents/state", json=body, headers={"x-csrf": value}).status_code
        == 200
    )


def test_forms_note_and_judge(local: TestClient, stores: Stores) -> None:
    value = csrf(local.get("/incidents/1").text)
    assert (
        local.post(
            "/incidents/1/notes", data={"csrf": value, "text": "look at load.py"}
        ).status_code
        == 303
    )
    assert local.post("/incidents/1/notes", data={"csrf": value, "text": " "}).status_code == 400
    assert local.post("/incidents/99/notes", data={"csrf": value, "text": "x"}).status_code == 400
    judged = local.post(
        f"/feedback/{0:016x}", data={"csrf": value, "verdict": "confirm", "back": "1"}
    )
    assert judged.headers["location"] == "/incidents/1?done=confirm"
    assert "Confirmed." in local.get("/incidents/1?done=confirm").text
    back = {"csrf": value, "verdict": "correct", "cause": "network", "back": "//evil.example/dags/"}
    assert local.post(f"/feedback/{0:016x}", data=back).headers["location"] == "/?done=correct"
    (said,) = stores.diagnoses.feedback("f1")
    assert (said.verdict, said.cause, said.who) == ("correct", "network", "local")


class TestTokens:
    """The file of tokens."""

    def test_only_hashes_are_kept_and_only_for_the_owner(self, tokens: Tokens) -> None:
        secret = tokens.create("anna", "read")
        assert secret.startswith("dagnosis_")
        assert secret not in tokens.path.read_text()
        assert tokens.path.stat().st_mode & 0o077 == 0

    def test_expiry(self, tokens: Tokens) -> None:
        secret = tokens.create("ci", "read", days=1)
        later = datetime.now(timezone.utc) + timedelta(days=1, minutes=1)
        assert tokens.of(secret)
        assert tokens.of(secret, later) is None

    def test_names(self, tokens: Tokens) -> None:
        tokens.create("anna", "read")
        for name in ("anna", "", "a b", "x" * 65, "../x"):
            with pytest.raises(WrongUse):
                tokens.create(name, "read")
        with pytest.raises(WrongUse, match="token list"):
            tokens.revoke("ben")

    def test_a_damaged_file_lets_nobody_in(self, tmp_path: Path) -> None:
        path = tmp_path / "tokens.json"
        path.write_text("[{]")
        with pytest.raises(UnreadableInput, match=r"tokens\.json"):
            Tokens(path).of("x")
