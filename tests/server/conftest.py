"""A server in this process, and one that Chromium can open."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from dagnosis.pages.links import Links
from dagnosis.pages.stores import Stores
from dagnosis.server.app import make
from dagnosis.server.guards import Guards
from dagnosis.server.visitors import Visitors
from dagnosis.services.tokens import Tokens
from tests.pages import making

FAST = 1e6


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """Stores with a little of everything."""
    found = making.furnished(tmp_path)
    yield found
    making.close(found)


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    """No token yet."""
    return Tokens(tmp_path / "tokens.json")


@pytest.fixture
def app(stores: Stores, tokens: Tokens) -> Guards:
    """The app as it is on loopback."""
    visitors = Visitors(tokens, trusting=True, user="local")
    made = make(stores, visitors, Links(airflow="http://airflow.example"), rate=FAST)
    made.writing.rate = made.writing.burst = FAST
    return made


def client(app: Any, **more: Any) -> TestClient:
    """Somebody on this machine, who follows nothing by himself."""
    return TestClient(
        app,
        base_url=more.pop("base_url", "http://127.0.0.1"),
        client=more.pop("client", ("127.0.0.1", 50000)),
        follow_redirects=False,
        **more,
    )


@pytest.fixture
def local(app: Guards) -> TestClient:
    """A visitor on this machine."""
    return client(app)


@pytest.fixture
def served() -> Iterator[Callable[[Any], str]]:
    """Serve an app on a free port of loopback; its address."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: Any) -> str:
        opened = socket.socket()
        opened.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="error", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        running.append((server, thread))
        return f"http://127.0.0.1:{opened.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()
