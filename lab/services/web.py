"""An HTTP (and HTTPS) server on loopback that answers as badly as it is asked to.

Paths: `/status/CODE`, `/html`, `/truncated`, `/cut` (body shorter than its Content-Length),
`/reset`, `/slow/SECONDS`, `/jobs/…` (a remote job that fails), `/aws` (a fake AWS endpoint that
answers with the error named by the access key), `/flaky/KEY/N` (503 N times, then 200),
`/git/…` (401) and anything else: 404. As a proxy it asks for a password. Bodies look like those of real gateways.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

_BODIES: dict[int, tuple[str, str]] = {
    400: ("application/json", '{"error":{"code":"invalid_argument","message":"Field \'from\' must be an ISO 8601 date, got \'25/11/2026\'","field":"from"}}'),
    401: ("application/json", '{"error":"invalid_token","error_description":"The access token expired at 2026-11-24T23:59:59Z"}'),
    403: ("application/json", '{"message":"User svc-etl is not authorized to access resource /v2/ledger with an explicit deny"}'),
    404: ("application/json", '{"status":404,"error":"Not Found","path":"/v1/stores/771/prices"}'),
    409: ("application/json", '{"title":"Conflict","detail":"An export for 2026-11-24 is already running (export_id=88213)"}'),
    413: ("text/html", "<html><head><title>413 Request Entity Too Large</title></head><body><center><h1>413 Request Entity Too Large</h1></center><hr><center>nginx/1.24.0</center></body></html>"),
    422: ("application/json", '{"detail":[{"loc":["body",17,"amount"],"msg":"value is not a valid decimal","type":"decimal_parsing","input":"12,50"}]}'),
    429: ("application/json", '{"error":{"code":"RATE_LIMITED","message":"Too many requests: 600 per minute allowed for plan basic","retry_after":37}}'),
    500: ("application/json", '{"timestamp":"2026-11-25T02:11:09Z","status":500,"error":"Internal Server Error","trace":"java.lang.IllegalStateException: shard 4 has no primary"}'),
    502: ("text/html", "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx/1.24.0</center></body></html>"),
    503: ("text/plain", "upstream connect error or disconnect/reset before headers. reset reason: overflow"),
    504: ("text/html", "<html><head><title>504 Gateway Time-out</title></head><body><center><h1>504 Gateway Time-out</h1></center></body></html>"),
}  # fmt: skip

_AWS: dict[str, tuple[int, str, str]] = {
    "THROTTLED": (400, "ThrottlingException", "Rate exceeded"),
    "SLOWDOWN": (503, "SlowDown", "Please reduce your request rate."),
    "DENIED": (403, "AccessDeniedException", "User: arn:aws:sts::210987654321:assumed-role/etl/worker is not authorized to perform: dynamodb:Scan on resource: arn:aws:dynamodb:eu-west-1:210987654321:table/prices because no identity-based policy allows the dynamodb:Scan action"),
    "EXPIRED": (400, "ExpiredTokenException", "The security token included in the request is expired"),
    "BADKEY": (400, "UnrecognizedClientException", "The security token included in the request is invalid."),
    "SIGNATURE": (403, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."),
    "INTERNAL": (500, "InternalServerError", "The request processing has failed because of an unknown error, exception or failure."),
    "CAPACITY": (400, "ProvisionedThroughputExceededException", "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API."),
    "LIMIT": (400, "LimitExceededException", "Subscriber limit exceeded: There is a limit of 2500 tables per subscriber."),
}  # fmt: skip
"""Access key -> status, error code, message, as the DynamoDB and JSON protocols answer."""

_JOB = {
    "id": "job-20261125-0417",
    "state": "FAILED",
    "state_message": "Task 3 of stage 'merge' exited: worker pool eu-west1-b lost quorum",
    "progress": {"stages": [{"name": "scan", "errors": 0}, {"name": "merge", "errors": 1}]},
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    flaky: ClassVar[Counter[str]] = Counter()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: the runner's output is for people."""

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def do_CONNECT(self) -> None:
        """As a company's proxy that wants a password."""
        self._send(407, "text/html", b"", Proxy_Authenticate='Basic realm="proxy.acme.internal"')

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        first, *rest = self.path.split("?")[0].strip("/").split("/")
        action: Callable[[list[str]], None] | None = getattr(self, f"_{first}", None)
        if action is None:
            self._status(["404"])
        else:
            action(rest)

    def _send(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _json(self, value: Any, status: int = 200) -> None:
        self._send(status, "application/json", json.dumps(value).encode())

    def _status(self, rest: list[str]) -> None:
        status = int(rest[0])
        kind, body = _BODIES.get(status, ("text/plain", ""))
        extra = {"Retry-After": "37"} if status == 429 else {}
        self._send(status, kind, body.encode(), **extra)

    def _ok(self, rest: list[str]) -> None:
        self._json({"rows": [{"id": n, "amount": n * 1.5} for n in range(403)], "errors": 0})

    def _html(self, rest: list[str]) -> None:
        page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Session expired</body></html>"
        self._send(200, "text/html; charset=utf-8", page.encode())

    def _truncated(self, rest: list[str]) -> None:
        body = json.dumps([{"sku": f"A-{n}", "stock": n} for n in range(200)]).encode()
        self._send(200, "application/json", body[: len(body) // 3])

    def _cut(self, rest: list[str]) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1048576")
        self.end_headers()
        self.wfile.write(b"id;amount\n" * 900)
        self.wfile.flush()
        self.connection.close()
        self.close_connection = True

    def _reset(self, rest: list[str]) -> None:
        # Linger 0 makes close() send RST instead of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _slow(self, rest: list[str]) -> None:
        time.sleep(float(rest[0]))
        self._json({"rows": []})

    def _jobs(self, rest: list[str]) -> None:
        polls = self.flaky["job"] = self.flaky["job"] + 1
        self._json(_JOB if polls % 4 == 0 else {**_JOB, "state": "RUNNING", "state_message": ""})

    def _flaky(self, rest: list[str]) -> None:
        self.flaky[rest[0]] += 1
        if self.flaky[rest[0]] <= int(rest[1]):
            self._status(["503"])
        else:
            self._ok([])

    def _git(self, rest: list[str]) -> None:
        self._send(401, "text/plain", b"", WWW_Authenticate='Basic realm="git"')

    def _aws(self, rest: list[str]) -> None:
        key = self.headers.get("Authorization", "").partition("Credential=")[2].split("/")[0]
        status, code, message = _AWS[key.removeprefix("AKIA")]
        if "json" in self.headers.get("Content-Type", ""):
            kind = "application/x-amz-json-1.0"
            body = json.dumps({"__type": f"com.amazonaws.v20120810#{code}", "message": message})
        else:
            kind = "application/xml"
            body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        self._send(status, kind, body.encode())


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients break off on purpose here."""


def start(port: int) -> Callable[[], None]:
    """Serve plain HTTP on 127.0.0.1:`port`; returns what stops it."""
    server = _QuietServer(("127.0.0.1", port), _Handler)
    return _serve(server)


def start_tls(port: int, folder: Path) -> Callable[[], None]:
    """Serve HTTPS with a self-signed certificate made in `folder`; returns what stops it."""
    key, certificate = folder / "self.key", folder / "self.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
         "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=partner.internal"],
        check=True, capture_output=True,
    )  # fmt: skip
    server = _QuietServer(("127.0.0.1", port), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return _serve(server)


def _serve(server: _QuietServer) -> Callable[[], None]:
    Thread(target=server.serve_forever, daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    return stop
