"""The JSON API: what it answers, what it refuses, and that it does what its description says."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from dagnosis.pages.stores import Stores


def test_incidents_are_found(local: TestClient) -> None:
    found = local.get(
        "/api/v1/incidents", params={"cause": "network", "state": ["open", "muted"]}
    ).json()
    assert found["total"] == 1
    (one,) = found["incidents"]
    assert one["detail"] == "network.connection_refused"
    assert local.get(f"/api/v1/incidents/{one['id']}").json() == one
    (tried,) = local.get(f"/api/v1/incidents/{one['id']}/occurrences").json()
    assert tried["task"]["map_index"] == 3
    asked = {
        key: tried["task"][key]
        for key in ("dag_id", "run_id", "task_id", "map_index", "try_number")
    }
    assert local.get("/api/v1/occurrence", params=asked).json() == tried
    assert local.get("/api/v1/run", params={"dag_id": "billing", "run_id": "run-2"}).json() == [
        tried
    ]


def test_what_is_beside_an_incident(local: TestClient) -> None:
    number = local.get("/api/v1/incidents", params={"cause": "data_error"}).json()["incidents"][0][
        "id"
    ]
    assert local.get(f"/api/v1/incidents/{number}/changes").json()[0]["after"] == "total"
    assert "note" in {
        one["what"] for one in local.get(f"/api/v1/incidents/{number}/timeline").json()
    }


@pytest.mark.parametrize("path", ["risks", "datasets", "models", "health"])
def test_the_rest_answers(local: TestClient, path: str) -> None:
    assert local.get(f"/api/v1/{path}").status_code == 200


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/incidents/0", 422),
        ("/api/v1/incidents/99999999999999999999", 422),
        ("/api/v1/incidents/77", 404),
        ("/api/v1/incidents/77/timeline", 404),
        ("/api/v1/incidents?limit=0", 422),
        ("/api/v1/incidents?state=odd", 422),
        ("/api/v1/incidents?cursor=nonsense", 400),
        ("/api/v1/incidents?since=0001-01-01", 400),
        ("/api/v1/counts?since=2026-01-01&until=2026-02-01&step_seconds=60", 400),
        ("/api/v1/counts?since=2026-02-01&until=2026-01-01", 400),
        ("/api/v1/datasets/none", 404),
        ("/api/v1/nothing", 404),
        ("/api/v1/run?dag_id=%ff%fe&run_id=x", 200),
    ],
)
def test_odd_questions_are_answered_in_words(local: TestClient, path: str, code: int) -> None:
    found = local.get(path)
    assert found.status_code == code, found.text
    if code != 200:
        assert found.json()["error"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff", b'{"ids": [], "state": "open"}', b'{"ids": [1], "state": "odd"}',
     b'{"ids": [1], "state": "muted", "hours": -1}', b'{"ids": [1], "state": "open", "x": 1}', b"[" * 5000],
)  # fmt: skip
def test_odd_bodies_change_nothing(local: TestClient, body: bytes) -> None:
    sent = {"content-type": "application/json"}
    assert local.post("/api/v1/incidents/state", content=body, headers=sent).status_code == 400
    plain = local.post("/api/v1/incidents/state", content=b'{"ids": [1], "state": "resolved"}')
    assert plain.status_code == 400
    assert local.get("/api/v1/incidents/1").json()["state"] == "open"


def test_writing(local: TestClient) -> None:
    assert local.post(
        "/api/v1/incidents/state", json={"ids": [1], "state": "muted", "hours": 3}
    ).json() == {"changed": 1}
    assert local.post("/api/v1/incidents/1/notes", json={"text": "seen"}).json() == {
        "incident_id": 1
    }
    assert local.post("/api/v1/incidents/9/notes", json={"text": "seen"}).status_code == 404
    found = local.post(f"/api/v1/diagnoses/{0:016x}/feedback", json={"cause": "network"})
    assert found.json() == {"detail": "network.other"}
    assert local.post("/api/v1/diagnoses/none/feedback", json={}).status_code == 404


def test_openapi_describes_every_route(local: TestClient) -> None:
    found: dict[str, Any] = local.get("/api/v1/openapi.json").json()
    assert found["openapi"].startswith("3.")
    assert len(found["paths"]) >= 15
    for path, methods in found["paths"].items():
        for told in methods.values():
            assert told["summary"], path
            assert "401" in told["responses"], path
    assert "#/answers" not in str(found)
    assert "Incident" in found["components"]["schemas"]


def test_no_question_breaks_the_server(local: TestClient, stores: Stores) -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    from hypothesis import HealthCheck, Phase, given, settings

    local.headers.pop("cookie", None)
    schema = schemathesis.openapi.from_dict(local.get("/api/v1/openapi.json").json())
    asked = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=8, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck), derandomize=True,
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def answered(case: Any) -> None:
            nonlocal asked
            asked += 1
            kwargs = case.as_transport_kwargs(base_url="http://127.0.0.1")
            kwargs.pop("cookies", None)
            found = local.request(**kwargs)
            assert found.status_code < 500, (kwargs, found.text)
            if found.status_code >= 400:
                assert found.json()["error"]

        answered()
    assert asked >= 15
