from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead

import pytest

from lab.services import web


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free: int = probe.getsockname()[1]
    stop = web.start(free)
    yield free
    stop()


@pytest.fixture
def client(port: int) -> Iterator[HTTPConnection]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    yield connection
    connection.close()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504])
def test_it_answers_with_the_status_asked_for(client: HTTPConnection, status: int) -> None:
    client.request("GET", f"/status/{status}")
    answer = client.getresponse()
    assert answer.status == status
    assert answer.read()


def test_unknown_paths_are_not_found(client: HTTPConnection) -> None:
    client.request("GET", "/v1/nothing")
    assert client.getresponse().status == 404


def test_flaky_answers_after_its_failures(client: HTTPConnection) -> None:
    statuses = []
    for _ in range(3):
        client.request("GET", "/flaky/some-key/2")
        answer = client.getresponse()
        answer.read()
        statuses.append(answer.status)
    assert statuses == [503, 503, 200]


def test_a_cut_body_is_shorter_than_promised(client: HTTPConnection) -> None:
    client.request("GET", "/cut")
    with pytest.raises(IncompleteRead):
        client.getresponse().read()


def test_the_aws_error_is_chosen_by_the_access_key(client: HTTPConnection) -> None:
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIATHROTTLED/20261125/eu-west-1",
        "Content-Type": "application/x-amz-json-1.0",
    }
    client.request("POST", "/aws", body="{}", headers=headers)
    answer = client.getresponse()
    assert answer.status == 400
    assert b"ThrottlingException" in answer.read()
