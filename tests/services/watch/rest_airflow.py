"""An Airflow 3 of one process: the routes of REST v2 that a watch asks, over real HTTP on loopback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from dagnosis.model import TaskRef

LOG = {"level": "error", "logger": "task", "event": "Task failed with exception",
       "error_detail": [{"exc_type": "ModuleNotFoundError", "exc_value": "No module named 'pandas'",
                         "frames": []}]}  # fmt: skip


class RestAirflow:
    """Rows and an HTTP server that states them. `ahead` is how far its clock is from ours; `trouble`
    may answer a request in place of it: then it returns True."""

    def __init__(self, ahead: timedelta = timedelta(0)) -> None:
        self.ahead = ahead
        self.rows: dict[TaskRef, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.trouble: Callable[[BaseHTTPRequestHandler], bool] = lambda _: False
        self.connections: list[socket.socket] = []
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + self.ahead

    def fail(self, run: str) -> TaskRef:
        """A try fails now, by this Airflow's clock."""
        task, now = TaskRef("daily", run, "load", -1, 1), self.now()
        self.rows[task] = {
            "dag_id": task.dag_id, "dag_run_id": run, "task_id": task.task_id, "map_index": -1,
            "try_number": 1, "state": "failed", "updated": now, "start_date": now.isoformat(),
            "end_date": now.isoformat(),
        }  # fmt: skip
        return task

    def answer(self, path: str, query: dict[str, str]) -> Any:
        """The JSON at a path; None for what is not there."""
        parts = [unquote(part) for part in path.removeprefix("/api/v2/").split("/")]
        if path.endswith("/version"):
            return {"version": "3.3.2"}
        if parts[0] == "importErrors":
            return {"import_errors": [], "total_entries": 0}
        if parts[0] == "eventLogs":
            return {"event_logs": [], "total_entries": 0} if len(parts) == 1 else None
        if parts[-1] == "dagRuns":
            return {"dag_runs": [], "total_entries": 0}
        if "logs" in parts[4:]:
            return LOG
        since = query.get("updated_at_gte", "")
        runs = None if parts[3] == "~" else parts[3]
        found = [
            {name: value for name, value in row.items() if name != "updated"}
            for row in self.rows.values()
            if (runs is None or row["dag_run_id"] == runs)
            and ("state" not in query or row["state"] == query["state"])
            and (
                not since or row["updated"] >= datetime.fromisoformat(since.replace("Z", "+00:00"))
            )
        ]
        return {"task_instances": found, "next_cursor": None, "total_entries": len(found)}

    def start(self) -> None:
        """Listen, on the same port as before where there was one."""
        airflow = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                airflow.connections.append(self.connection)

            def do_GET(self) -> None:
                airflow.asked.append(self.path)
                if airflow.trouble(self):
                    return
                parts = urlsplit(self.path)
                found = airflow.answer(parts.path, dict(parse_qsl(parts.query)))
                self.say(404 if found is None else 200, json.dumps(found).encode())

            def say(self, status: int, body: bytes = b"", **headers: str) -> None:
                self.send_response_only(status)
                self.send_header("Date", format_datetime(airflow.now(), usegmt=True))
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """A client that goes away is none of its business."""

        self._server = Quiet(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        """No longer listen, and hang up."""
        self._server.shutdown()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.connections.clear()
        self._thread.join()
        self._server.server_close()
