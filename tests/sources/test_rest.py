"""REST as a hostile or tired server answers it: a real HTTP server on loopback misbehaves on demand."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dagnosis.errors import ServiceUnreachable, WrongUse
from dagnosis.model import TaskRef
from dagnosis.settings import Settings
from dagnosis.sources.airflow_api import ApiHistory, ApiLogs
from dagnosis.sources.airflow_api_v1 import ApiV1History
from dagnosis.sources.contract import Attempt
from dagnosis.sources.credentials import Basic, Bearer, Nobody, Password
from dagnosis.sources.opening import open_history, open_logs
from dagnosis.sources.rest import Limits, Rest, checked, segment

SECRET = "hunter2-hunter2"
Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers as the server's `answer` says; requests are kept."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
        self.server.answer(self)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def send(self, status: int, body: Any = b"", **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    answer: Answer

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, str]] = []

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is none of our business."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    while _opened:
        _opened.pop().close()
    made.shutdown()
    thread.join()
    made.server_close()


_opened: list[Rest] = []


class Naps(list[float]):
    """A sleep that takes no time, and remembers."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def rest(server: Server, credentials: Any = None, **limits: float) -> tuple[Rest, Naps]:
    naps = Naps()
    allowed = Limits(**{"timeout": 2.0, "patience": 20.0, **limits})  # type: ignore[arg-type]
    asking = Rest(server.url, credentials or Nobody(), allowed, sleep=naps)
    _opened.append(asking)
    return asking, naps


def in_turn(*answers: Answer) -> Answer:
    """The answers one after the other, the last one for ever."""
    left = list(answers)
    return lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)


def says(status: int, body: Any = b"", **headers: str) -> Answer:
    return lambda handler: handler.send(status, body, **headers)


def hangs_up(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


# ---------------------------------------------------------------- patience


@pytest.mark.parametrize(
    "trouble", [says(429), says(500), says(502), says(503), says(504), hangs_up]
)
def test_what_may_pass_is_tried_again(server: Server, trouble: Answer) -> None:
    server.answer = in_turn(trouble, trouble, says(200, {"version": "3"}))
    asking, naps = rest(server)
    assert asking.get("/api/v2/version") == {"version": "3"}
    assert len(naps) == 2
    assert 0.2 < naps[0] <= 0.5 < naps[1] + 0.25 <= 1.25


def test_a_server_that_asks_to_wait_is_waited_for(server: Server) -> None:
    server.answer = in_turn(says(429, Retry_After="7"), says(200, {}))
    asking, naps = rest(server)
    asking.get("/")
    assert naps == [7.0]


def test_a_date_to_retry_after_goes_by_the_servers_clock(server: Server) -> None:
    def late(handler: Handler) -> None:
        handler.send_response_only(503)
        handler.send_header("Date", "Thu, 26 Nov 2020 06:00:00 GMT")
        handler.send_header("Retry-After", "Thu, 26 Nov 2020 06:00:09 GMT")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server.answer = in_turn(late, says(200, {}))
    asking, naps = rest(server)
    asking.get("/")
    assert 8 < naps[0] <= 9


def test_patience_ends(server: Server) -> None:
    server.answer = says(503, b"<html>secret inside</html>")
    asking, naps = rest(server, patience=0.0)
    with pytest.raises(ServiceUnreachable, match=r"answers 503.*airflow_url") as error:
        asking.get("/api/v2/version")
    assert naps == []
    assert "inside" not in str(error.value)
    server.answer = says(429, Retry_After="3600")
    with pytest.raises(ServiceUnreachable, match="429"):
        rest(server)[0].get("/")


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    asking = Rest(f"http://127.0.0.1:{port}", Nobody(), Limits(patience=0))
    _opened.append(asking)
    with pytest.raises(ServiceUnreachable, match="no connection"):
        asking.get("/")


def test_a_server_that_says_nothing_is_given_up(server: Server) -> None:
    gate = threading.Event()

    def silent(handler: Handler) -> None:
        gate.wait(5)

    server.answer = silent
    asking, _ = rest(server, timeout=0.3, patience=0.0)
    with pytest.raises(ServiceUnreachable, match="did not answer within"):
        asking.get("/")
    gate.set()


def test_a_server_that_drips_is_given_up(server: Server) -> None:
    gate = threading.Event()

    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not gate.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    server.answer = drip
    with pytest.raises(ServiceUnreachable, match="did not end"):
        rest(server, most_seconds=0.3)[0].get("/")
    gate.set()


def test_an_answer_that_breaks_off_is_read_anew(server: Server) -> None:
    def short(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b'{"version":')
        hangs_up(handler)

    server.answer = in_turn(short, says(200, {"version": "3"}))
    assert rest(server)[0].get("/") == {"version": "3"}


# ---------------------------------------------------------------- who we are


def jwt(life: float) -> str:
    said = json.dumps({"sub": "x", "iat": 1000, "exp": 1000 + life}).encode()
    return f"e30.{base64.urlsafe_b64encode(said).decode().rstrip('=')}.sig"


def sells(tokens: list[str], page: Answer) -> Answer:
    def answer(handler: Handler) -> None:
        if handler.path == "/auth/token":
            handler.send(201, {"access_token": tokens.pop(0)})
        else:
            page(handler)

    return answer


def test_a_token_is_bought_once(server: Server) -> None:
    server.answer = sells([jwt(86400)], says(200, {}))
    asking, _ = rest(server, Password("ana", SECRET))
    asking.get("/a")
    asking.get("/b")
    assert [path for _, path, _ in server.asked] == ["/auth/token", "/a", "/b"]
    assert server.asked[1][2] == f"Bearer {jwt(86400)}"


def test_a_token_is_renewed_before_it_expires(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("dagnosis.sources.credentials.time.monotonic", lambda: clock[0])
    server.answer = sells([jwt(600), jwt(601)], says(200, {}))
    asking, _ = rest(server, Password("ana", SECRET))
    asking.get("/a")
    clock[0] = 530
    asking.get("/b")
    clock[0] = 545
    asking.get("/c")
    paths = [path for _, path, _ in server.asked]
    assert paths == ["/auth/token", "/a", "/b", "/auth/token", "/c"]


def test_a_token_that_is_refused_is_replaced_once(server: Server) -> None:
    def page(handler: Handler) -> None:
        fresh = handler.headers["Authorization"] == f"Bearer {jwt(2)}"
        handler.send(200 if fresh else 401, {})

    server.answer = sells([jwt(86400), jwt(2)], page)
    asking, _ = rest(server, Password("ana", SECRET))
    assert asking.get("/a") == {}
    server.answer = sells([jwt(3)] * 9, says(401))
    with pytest.raises(WrongUse, match="airflow_password_env"):
        rest(server, Password("ana", SECRET))[0].get("/a")
    assert len(server.asked) < 12


@pytest.mark.parametrize("status", [401, 403, 422])
def test_a_wrong_password(server: Server, status: int) -> None:
    server.answer = says(status, {"detail": f"{SECRET} is wrong"})
    with pytest.raises(WrongUse, match="refuses this user and password") as error:
        rest(server, Password("ana", SECRET))[0].get("/a")
    assert SECRET not in str(error.value)


def test_a_server_that_sells_no_tokens_gets_the_password_itself(server: Server) -> None:
    server.answer = lambda handler: handler.send(404 if "token" in handler.path else 200, {})
    rest(server, Password("ana", SECRET))[0].get("/a")
    assert server.asked[-1][2] == Basic("ana", SECRET).header(lambda *_: (0, b""))


@pytest.mark.parametrize("body", [b"<html>", {"token": 1}, {"access_token": "a\r\nX: b"}, [1]])
def test_a_token_that_is_none(server: Server, body: Any) -> None:
    server.answer = says(200, body)
    with pytest.raises(ServiceUnreachable, match="no token"):
        rest(server, Password("ana", SECRET))[0].get("/a")


def test_a_given_token_that_has_expired(server: Server) -> None:
    server.answer = says(401)
    with pytest.raises(WrongUse, match="airflow_token_env") as error:
        rest(server, Bearer(SECRET))[0].get("/a")
    assert SECRET not in str(error.value)
    assert len(server.asked) == 1


def test_a_right_that_is_missing(server: Server) -> None:
    server.answer = says(403)
    with pytest.raises(WrongUse, match=r"importErrors.*403"):
        ApiHistory(rest(server)[0]).broken_dags()


# ---------------------------------------------------------------- hostile servers


def test_redirects_stay_at_home(server: Server) -> None:
    server.answer = in_turn(says(307, Location="/there"), says(200, {"a": 1}))
    assert rest(server, Bearer(SECRET))[0].get("/here") == {"a": 1}
    elsewhere = f"http://localhost:{server.server_port}/there"
    server.answer = says(302, Location=elsewhere)
    server.asked.clear()
    with pytest.raises(WrongUse, match=r"localhost:\d+.*do not follow") as error:
        rest(server, Bearer(SECRET))[0].get("/here")
    assert len(server.asked) == 1
    assert SECRET not in str(error.value)
    server.answer = says(302, Location="/here")
    with pytest.raises(ServiceUnreachable, match="circles"):
        rest(server)[0].get("/here")


def test_an_answer_too_large(server: Server) -> None:
    server.answer = says(
        200, gzip.compress(b'"' + b"x" * 3_000_000 + b'"'), Content_Encoding="gzip"
    )
    with pytest.raises(ServiceUnreachable, match="more than 1 MiB"):
        rest(server, most_bytes=1 << 20)[0].get("/")


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b"\xff\xfe", b"[" * 100_000])
def test_an_answer_that_is_no_json(server: Server, body: bytes) -> None:
    server.answer = says(200, body)
    with pytest.raises(ServiceUnreachable, match="no JSON"):
        rest(server)[0].get("/")


@pytest.mark.parametrize(
    "body",
    [[], {}, {"task_instances": 7}, {"task_instances": [7]}, {"task_instances": [{"dag_id": 1}]}],
)
def test_an_answer_that_is_not_airflows(server: Server, body: Any) -> None:
    server.answer = says(200, body)
    with pytest.raises(ServiceUnreachable):
        list(ApiHistory(rest(server)[0]).of_run("a", "b"))
    with pytest.raises(ServiceUnreachable):
        ApiHistory(rest(server)[0]).tries(TaskRef("a", "b", "c"))


def test_a_cursor_that_does_not_move_ends(server: Server) -> None:
    server.answer = says(200, {"task_instances": [instance("t")], "next_cursor": "same"})
    assert len(ApiHistory(rest(server)[0]).of_run("d", "r")) == 2


@pytest.mark.parametrize(
    "text", ["ftp://a", "airflow:8080", "http://", "http://a:b@c", "http://h:x"]
)
def test_an_address_that_is_none(text: str) -> None:
    with pytest.raises(WrongUse, match=r"airflow_url|no address"):
        checked(text)


def test_an_address_may_be_that_of_the_api() -> None:
    assert checked(" https://a.example/airflow/api/v2/ ") == "https://a.example/airflow"
    assert segment("a/b c") == "a%2Fb%20c"
    assert segment("..") is segment("~") is None


# ---------------------------------------------------------------- the clock


def test_the_clock_is_the_servers(server: Server) -> None:
    def old(handler: Handler) -> None:
        handler.send_response_only(200)
        handler.send_header("Date", "Thu, 26 Nov 2020 06:00:00 GMT")
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"{}")

    server.answer = old
    now = ApiHistory(rest(server)[0]).now()
    assert abs((now - datetime(2020, 11, 26, 6, tzinfo=timezone.utc)).total_seconds()) < 2


# ---------------------------------------------------------------- pages


def instance(task: str, minute: int = 0, number: int = 1) -> dict[str, Any]:
    return {
        "dag_id": "d", "dag_run_id": "r", "task_id": task, "map_index": -1, "try_number": number,
        "state": "failed", "updated": minute,
    }  # fmt: skip


def query(handler: Handler) -> dict[str, str]:
    from urllib.parse import parse_qsl, urlsplit

    return dict(parse_qsl(urlsplit(handler.path).query))


def test_rows_that_move_between_pages_are_not_lost(server: Server) -> None:
    rows = [
        {"event_log_id": number, "when": "2026-01-01T00:00:00Z", "event": "x"}
        for number in range(1, 351)
    ]
    moved = [False]

    def page(handler: Handler) -> None:
        if "eventLogs?" not in handler.path:
            handler.send(200, {"version": "3"})
            return
        asked = query(handler)
        offset = int(asked["offset"])
        if offset and not moved[0]:
            moved[0] = True
            del rows[:7]  # `airflow db clean` while we read
        found = rows[offset : offset + int(asked["limit"])]
        handler.send(200, {"event_logs": found, "total_entries": len(rows)})

    server.answer = page
    assert [event.id for event in ApiHistory(rest(server)[0]).events()] == list(range(1, 351))


def test_a_cursor_at_an_event_that_was_cleaned_away(server: Server) -> None:
    rows = [
        {"event_log_id": n, "when": "2026-01-01T00:00:00Z", "event": "x"} for n in range(1, 9000)
    ]
    del rows[5000:5300]

    def page(handler: Handler) -> None:
        if "eventLogs?" not in handler.path:
            handler.send(404 if "eventLogs" in handler.path else 200, {"version": "3"})
            return
        asked = query(handler)
        offset = int(asked["offset"])
        found = rows[offset : offset + int(asked["limit"])]
        handler.send(200, {"event_logs": found, "total_entries": len(rows)})

    server.answer = page
    history = ApiHistory(rest(server)[0])
    events = history.events(after=5100)
    assert [next(events).id for _ in range(3)] == [5301, 5302, 5303]
    assert len(server.asked) < 24
    assert [event.id for event in history.events(after=8990)] == list(range(8991, 9000))
    assert list(history.events(after=20_000)) == []


def test_before_cursors_pages_go_by_offset(server: Server) -> None:
    rows = [instance(f"t{number}") for number in range(230)]

    def page(handler: Handler) -> None:
        offset = int(query(handler).get("offset", 0))
        handler.send(200, {"task_instances": rows[offset : offset + 100], "total_entries": 230})

    server.answer = page
    found = ApiHistory(rest(server)[0]).of_run("d", "r")
    assert [row.task.task_id for row in found] == [row["task_id"] for row in rows]


def test_v1_halves_spans_until_each_fits_a_page(server: Server) -> None:
    rows = [instance(f"t{number}", minute=number % 60) for number in range(640)]
    rows += [instance(f"same{number}", minute=30) for number in range(150)]

    def when(text: str) -> float:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() / 60

    def page(handler: Handler) -> None:
        asked = query(handler)
        begin, end = (
            when(asked["updated_at_gte"]),
            when(asked.get("updated_at_lte", "2030-01-01T00:00:00Z")),
        )
        base = datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp() / 60
        found = [row for row in rows if begin <= base + row["updated"] <= end]
        offset, limit = int(asked.get("offset", 0)), int(asked["limit"])
        handler.send(
            200, {"task_instances": found[offset : offset + limit], "total_entries": len(found)}
        )

    server.answer = page
    history = ApiV1History(rest(server)[0])
    found: list[Attempt] = list(history.attempts(datetime(2026, 1, 1, tzinfo=timezone.utc)))
    assert {row.task.task_id for row in found} == {row["task_id"] for row in rows}
    assert len(found) == len(rows)
    minutes = {row["task_id"]: row["updated"] for row in rows}
    order = [minutes[row.task.task_id] for row in found]
    assert max(order[:100]) <= min(order[-100:])


# ---------------------------------------------------------------- logs


def test_an_enormous_log_stays_bounded(server: Server) -> None:
    line = json.dumps(
        {"timestamp": "2026-01-01T00:00:00Z", "event": "x" * 950, "level": "info"}
    ).encode()
    last = json.dumps(
        {"timestamp": "2026-01-01T00:00:00Z", "event": "the end", "level": "error"}
    ).encode()
    head = b'{"timestamp":null,"event":"::group::Log message source details"}\n{"timestamp":null,"event":"::endgroup::"}\n'

    def much(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(head)
        block = (line + b"\n") * 1000
        for _ in range(30):
            handler.wfile.write(block)
        handler.wfile.write(last + b"\n")
        handler.close_connection = True

    server.answer = much
    log = ApiLogs(rest(server)[0]).read(TaskRef("d", "r", "t"))
    assert log is not None
    assert log.truncated
    assert log.lines_total == 30_001
    assert "the end" in log.lines[-1]
    assert sum(map(len, log.lines)) < 4 << 20


def test_a_log_that_breaks_off_is_read_anew(server: Server) -> None:
    whole = b'{"timestamp":"2026-01-01T00:00:00Z","event":"a"}\n' * 3

    def short(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(whole[:60])
        hangs_up(handler)

    server.answer = in_turn(short, says(200, whole))
    log = ApiLogs(rest(server)[0]).read(TaskRef("d", "r", "t"))
    assert log is not None
    assert log.lines_total == 3


# ---------------------------------------------------------------- which Airflow


def test_the_version_of_the_api_is_found(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_TOKEN", SECRET)
    chosen = Settings(
        airflow_url=server.url, airflow_token_env="AIRFLOW_TOKEN", airflow_patience_seconds=0
    )
    for prefix, kind in (("/api/v2", "Api"), ("/api/v1", "ApiV1")):
        server.answer = lambda handler, prefix=prefix: handler.send(  # type: ignore[misc]
            200 if handler.path.startswith(prefix) else 404, {"version": "x"}
        )
        for opened in (open_history(chosen), open_logs(chosen)):
            assert type(opened).__name__.removesuffix("History").removesuffix("Logs") == kind
            opened.close()
    server.answer = says(404)
    with pytest.raises(WrongUse, match="as no Airflow"):
        open_history(chosen)
