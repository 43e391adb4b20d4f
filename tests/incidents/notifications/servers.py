"""Real servers to be told: HTTP and SMTP with STARTTLS, on loopback."""

from __future__ import annotations

import datetime
import email
import email.policy
import http.server
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class Web:
    """Takes POSTs; answers with `status`, `answer_headers` and `answer`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.status, self.answer = 200, b"ok"
        self.answer_headers: dict[str, str] = {}
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def web() -> Iterator[Web]:
    state = Web()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.requests.append(Request(self.path, dict(self.headers), body))
            self.send_response(state.status)
            for name, value in state.answer_headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(state.answer)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        yield from _served(server, state)


def _served(server: socketserver.BaseServer, state: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()


class Post:
    """Takes mails; `refuses` is a code that it answers recipients with."""

    def __init__(self, certificate: Path | None) -> None:
        self.mails: list[EmailMessage] = []
        self.encrypted: list[bool] = []
        self.refuses = 0
        self.port = 0
        self.context: ssl.SSLContext | None = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)


@contextmanager
def post(certificate: Path | None = None) -> Iterator[Post]:  # noqa: C901 - a protocol in one place
    state = Post(certificate)

    class Handler(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            secure = False
            self.say("220 ready")
            while line := self.rfile.readline().decode().strip():
                word = line.partition(" ")[0].upper()
                if word == "EHLO":
                    self.say("250-here" if state.context and not secure else "250 here")
                    if state.context and not secure:
                        self.say("250 STARTTLS")
                elif word == "STARTTLS" and state.context:
                    self.say("220 go")
                    try:
                        self.request = state.context.wrap_socket(self.request, server_side=True)
                    except OSError:
                        return
                    self.rfile = self.request.makefile("rb")
                    self.wfile = self.request.makefile("wb", 0)
                    secure = True
                elif word == "RCPT" and state.refuses:
                    self.say(f"{state.refuses} no")
                elif word == "DATA":
                    self.say("354 go")
                    self.take(secure)
                    self.say("250 taken")
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

        def finish(self) -> None:
            super().finish()
            self.request.close()

        def take(self, secure: bool) -> None:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line[1:] if line.startswith(b"..") else line)
            read = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
            assert isinstance(read, EmailMessage)
            state.mails.append(read)
            state.encrypted.append(secure)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.port = server.server_address[1]
        yield from _served(server, state)


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, that is its own authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
