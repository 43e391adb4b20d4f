"""What every notifier must do, against real servers; then what is each one's own."""

from __future__ import annotations

import pkgutil
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dagnosis.errors import WrongUse
from dagnosis.incidents import notifications
from dagnosis.incidents.notifications import NAMES, notifiers
from dagnosis.incidents.notifications.contract import Notice, Notifier, Undelivered
from dagnosis.incidents.notifications.mail import Mail
from dagnosis.incidents.notifications.message import of_notice, of_try, safe
from dagnosis.incidents.notifications.slack import escaped
from dagnosis.incidents.notifications.webhook import Webhook, signed, verify
from dagnosis.model import TaskRef
from dagnosis.services.notify import sample
from dagnosis.settings import Settings
from tests.incidents.making import START, failed
from tests.incidents.notifications import servers

PARTS = {"contract", "guard", "message", "posting"}
"""Modules of the folder that are no notifiers."""

HOSTILE = (
    "<!channel> @here <script>alert(1)</script> \x1b[31m\r\nBcc: all@evil.example\r\n\r\n"
    "password=hunter2secret *b* `c` </pre> & <http://evil.example|Airflow>"
)


def test_each_module_is_named() -> None:
    found = {module.name for module in pkgutil.iter_modules(notifications.__path__)}
    assert found == {*NAMES, *PARTS}


class Subject:
    """A notifier and the server that it tells; `received` is all that came, as text."""

    def __init__(self, name: str, stack: ExitStack) -> None:
        self.name = name
        if name == "mail":
            self.post = stack.enter_context(servers.post())
            values: dict[str, Any] = {
                "notify_mail_to": "ops@example.org, lead@example.org",
                "notify_mail_from": "dagnosis@example.org",
                "notify_mail_host": "127.0.0.1",
                "notify_mail_port": self.post.port,
                "notify_mail_tls": "none",
            }
        else:
            self.web = stack.enter_context(servers.web())
            values = {"notify_allow": "127.0.0.1"}
            values |= {
                "webhook": {"notify_webhook_url": f"{self.web.url}/hook"},
                "slack": {"notify_slack_url_env": "TEST_SLACK"},
                "alertmanager": {"notify_alertmanager_url": self.web.url},
            }[name]
        self.settings = Settings(**values)
        self.notifier: Notifier

    def open(self, monkeypatch: pytest.MonkeyPatch) -> None:
        if self.name == "slack":
            monkeypatch.setenv("TEST_SLACK", f"{self.web.url}/services/T/B/x")
        (self.notifier,) = notifiers(self.settings)

    def received(self) -> list[str]:
        if self.name == "mail":
            return [message.as_string() for message in self.post.mails]
        return [request.body.decode() for request in self.web.requests]


@pytest.fixture(params=NAMES)
def subject(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subject]:
    with ExitStack() as stack:
        made = Subject(request.param, stack)
        made.open(monkeypatch)
        yield made


def notice(**changes: Any) -> Notice:
    return msgspec.structs.replace(sample(Settings(), START), **changes)


def hostile() -> Notice:
    one = notice().incident
    assert one is not None
    texts = dict.fromkeys(("title", "message", "quote", "detail", "assignee"), HOSTILE)
    task = TaskRef(HOSTILE, HOSTILE, HOSTILE)
    one = msgspec.structs.replace(
        one, **texts, fix=(HOSTILE,), first_failed=task, last_failed=task, fingerprint=HOSTILE
    )
    return notice(incident=one, why=HOSTILE)


# ---------------------------------------------------------------- the contract


def test_it_is_named_like_its_module(subject: Subject) -> None:
    assert subject.notifier.name == subject.name


@pytest.mark.parametrize("reason", ["new", "regressed", "escalated", "resolved", "test"])
def test_each_reason_arrives(subject: Subject, reason: Any) -> None:
    subject.notifier.notify(notice(reason=reason))
    (received,) = subject.received()
    assert "nothing is broken" in received
    assert "dagnosis_test.no_such_task" in received.replace("=\n", "").replace(
        "\N{ZERO WIDTH SPACE}", ""
    )


def test_an_overflow_arrives(subject: Subject) -> None:
    subject.notifier.notify(notice(reason="overflow", incident=None, why="More than 30 notices"))
    assert "More than 30 notices" in subject.received()[0]


def test_links_arrive(subject: Subject) -> None:
    links = {
        "incident_url": "https://d.example/incidents/7",
        "try_url": "https://a.example/dags/x?a=1&b=2",
    }
    subject.notifier.notify(notice(**links))
    received = subject.received()[0].replace("=\n", "").replace("=3D", "=")
    assert "https://d.example/incidents/7" in received
    assert "https://a.example/dags/x?a=1" in received


def test_nothing_hostile_gets_through(subject: Subject) -> None:
    subject.notifier.notify(hostile())
    (received,) = subject.received()
    assert "hunter2secret" not in received
    assert "\x1b" not in received
    assert "\\u001b" not in received
    if subject.name == "slack":
        texts = received
        assert "<!channel>" not in texts
        assert "@here" not in texts
        assert "<http://evil" not in texts
        assert "<script" not in texts
    if subject.name == "mail":
        (message,) = subject.post.mails
        assert message["Bcc"] is None
        assert [a.addr_spec for a in message["To"].addresses] == [
            "ops@example.org",
            "lead@example.org",
        ]
        html = message.get_body(("html",))
        assert html is not None
        assert "<script" not in html.get_content()
        assert "&lt;script&gt;" in html.get_content()


def test_a_failing_server_is_tried_again(subject: Subject) -> None:
    if subject.name == "mail":
        subject.post.refuses = 451
    else:
        subject.web.status, subject.web.answer_headers = 503, {"Retry-After": "7"}
    with pytest.raises(Undelivered) as caught:
        subject.notifier.notify(notice())
    assert caught.value.again
    assert "\n" not in str(caught.value)
    if subject.name != "mail":
        assert caught.value.after == 7


def test_a_refusal_is_not_tried_again(subject: Subject) -> None:
    if subject.name == "mail":
        subject.post.refuses = 550
    else:
        subject.web.status = 403
    with pytest.raises(Undelivered) as caught:
        subject.notifier.notify(notice())
    assert not caught.value.again


def test_a_server_that_is_not_there(subject: Subject) -> None:
    if isinstance(subject.notifier, Mail):
        subject.notifier.port = 1
    else:
        setattr(subject.notifier, "url", "http://127.0.0.1:1/")  # noqa: B010 - of each its own class
    with pytest.raises(Undelivered) as caught:
        subject.notifier.notify(notice())
    assert caught.value.again


# ---------------------------------------------------------------- HTTP


@pytest.fixture
def web() -> Iterator[servers.Web]:
    with servers.web() as opened:
        yield opened


def test_redirects_are_not_followed(web: servers.Web) -> None:
    web.status, web.answer_headers = 302, {"Location": f"{web.url}/elsewhere"}
    with pytest.raises(Undelivered, match="HTTP 302"):
        Webhook(f"{web.url}/hook", allowed="127.0.0.1").notify(notice())
    assert [request.path for request in web.requests] == ["/hook"]


def test_the_connection_goes_to_the_address_that_was_looked_at(web: servers.Web) -> None:
    """A name that has another address by the time of the connection changes nothing."""
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    url = f"http://hooks.invalid:{web.port}/x?y=1"
    Webhook(url, allowed="127.0.0.0/8", resolver=resolver).notify(notice())
    assert asked == ["hooks.invalid"]
    assert web.requests[0].path == "/x?y=1"
    assert web.requests[0].headers["Host"] == f"hooks.invalid:{web.port}"


def test_an_endless_answer_is_not_read(web: servers.Web) -> None:
    web.status, web.answer = 500, b"x" * 10_000_000
    with pytest.raises(Undelivered) as caught:
        Webhook(web.url, allowed="127.0.0.1").notify(notice())
    assert len(str(caught.value)) < 300


def test_an_answer_that_drips_is_not_waited_for() -> None:
    import socket
    import threading

    from dagnosis.incidents.notifications.posting import post

    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while not ended.wait(0.05):
                    try:
                        connection.sendall(b"X-A: b\r\n")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(Undelivered):
            post(url, b"{}", {}, allowed="127.0.0.1", seconds=0.5)
        ended.set()
        thread.join()


# ---------------------------------------------------------------- webhook


def test_a_signature_can_be_verified(web: servers.Web) -> None:
    Webhook(web.url, "s3cr3t", allowed="127.0.0.1", clock=lambda: 1000.5).notify(notice())
    (request,) = web.requests
    assert verify("s3cr3t", request.headers, request.body, 1010)
    assert not verify("other", request.headers, request.body, 1010)
    assert not verify("s3cr3t", request.headers, request.body + b" ", 1010)
    assert not verify("s3cr3t", request.headers, request.body, 1301)
    body = msgspec.json.decode(request.body)
    assert request.headers["Dagnosis-Key"] == body["key"]


@pytest.mark.parametrize("changed", [
    {}, {"Dagnosis-Timestamp": ""}, {"Dagnosis-Timestamp": "99"}, {"Dagnosis-Timestamp": "x"},
    {"Dagnosis-Timestamp": "1" * 99}, {"Dagnosis-Signature": "v1="}, {"Dagnosis-Signature": "é"},
])  # fmt: skip
def test_what_is_not_signed_well_is_refused(changed: dict[str, str]) -> None:
    headers = {**signed("s", b"{}", 100), **changed} if changed else {}
    assert not verify("s", headers, b"{}", 100)


# ---------------------------------------------------------------- mail


def test_mail_is_encrypted(tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="cryptography is not installed")
    certificate = servers.certificate(tmp_path)
    context = ssl.create_default_context(cafile=certificate)
    with servers.post(certificate) as post:
        made = Mail("127.0.0.1", post.port, "a@example.org", ("b@example.org",), context=context)
        made.notify(notice())
        assert post.encrypted == [True]
        (message,) = post.mails
        assert message.is_multipart()
        assert message["Subject"].startswith("[dagnosis] Test: ")
        with pytest.raises(Undelivered, match="certificate"):
            Mail("127.0.0.1", post.port, "a@example.org", ("b@example.org",)).notify(notice())
    with servers.post() as post, pytest.raises(Undelivered, match="STARTTLS"):
        Mail("127.0.0.1", post.port, "a@example.org", ("b@example.org",)).notify(notice())


@pytest.mark.parametrize("to", ["a", "a@b\r\nBcc: c@d", "a@b, c", "A <a@b>", "a@b@c", ""])
def test_addresses_that_are_none(to: str) -> None:
    with pytest.raises(WrongUse, match="no address of one person"):
        Mail("h", 25, "a@example.org", (to,))


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"notify_mail_to": "a@b.example"}, "needs notify_mail_host"),
        ({"notify_slack_url_env": "NOT_SET_HERE"}, "the variable NOT_SET_HERE is not set"),
        (
            {"notify_webhook_url": "http://x", "notify_webhook_secret_env": "NO"},
            "variable NO is not",
        ),
    ],
)
def test_settings_that_lack_something(values: dict[str, Any], says: str) -> None:
    with pytest.raises(WrongUse, match=says):
        notifiers(Settings(**values))


def test_nobody_is_told_by_default() -> None:
    assert notifiers(Settings()) == []


# ---------------------------------------------------------------- texts


def test_the_message_has_cause_quote_fix_and_links() -> None:
    told = of_notice(
        notice(incident_url="https://d.example/incidents/1", try_url="javascript:alert(1)")
    )
    assert told.headline == "Test: A test of dagnosis: nothing is broken"
    assert "missing_dependency.module_not_found, 100% sure" in told.facts
    assert told.quote == "ModuleNotFoundError: No module named 'pandas'"
    assert told.links == (("Incident", "https://d.example/incidents/1"),)
    assert "1. Nothing: this message" in told.text()
    resolved = of_notice(notice(reason="resolved"))
    assert (resolved.quote, resolved.fix) == ("", ())


def test_the_message_of_one_try() -> None:
    told = of_try(failed(1), try_url="https://a.example/x")
    assert told.headline == "Failed: A column is not in the frame"
    assert "orders.load · run-1 · try 1" in told.facts
    assert told.links == (("Airflow", "https://a.example/x"),)


@pytest.mark.parametrize("escape", [escaped, safe])
def test_texts_keep_words(escape: Callable[[str], str]) -> None:
    assert escape("order_items of dag-1") == "order_items of dag-1"
