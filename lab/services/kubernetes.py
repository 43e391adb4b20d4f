"""The part of a Kubernetes API that kubectl needs, on loopback, for a real kubectl to print.

Each namespace answers in one way: `POST` of a job is refused in the namespaces of `_REFUSALS`, and
the pods of `_PODS` are in the state that their name says. Anything else: 404.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

_CREATED = "2026-11-24T01:00:00Z"

_REFUSALS: dict[str, tuple[int, str, str]] = {
    "finance": (403, "Forbidden", 'jobs.batch is forbidden: User "system:serviceaccount:airflow:worker" cannot create resource "jobs" in API group "batch" in the namespace "finance"'),
    "science": (403, "Forbidden", 'jobs.batch "cohort-fit" is forbidden: exceeded quota: science-compute, requested: limits.memory=32Gi, used: limits.memory=112Gi, limited: limits.memory=128Gi'),
    "archive": (500, "InternalError", "etcdserver: request timed out"),
    "legal": (401, "Unauthorized", "Unauthorized"),
}  # fmt: skip
"""Namespace -> status, reason and message with which the API server refuses a job there."""

_PODS: dict[str, dict[str, Any]] = {
    "features-join-7xk2p": {
        "phase": "Failed",
        "containerStatuses": [
            {"name": "join", "image": "registry.acme.internal/join:4.2", "imageID": "", "ready": False,
             "restartCount": 2, "lastState": {}, "started": False,
             "state": {"terminated": {"reason": "OOMKilled", "exitCode": 137,
                                      "startedAt": _CREATED, "finishedAt": "2026-11-24T01:04:11Z"}}},
        ],
    },
    "prices-merge-q9f4d": {
        "phase": "Pending",
        "containerStatuses": [
            {"name": "merge", "image": "registry.acme.internal/merge:4.3", "imageID": "", "ready": False,
             "restartCount": 0, "lastState": {}, "started": False,
             "state": {"waiting": {"reason": "ImagePullBackOff", "message":
                       'Back-off pulling image "registry.acme.internal/merge:4.3"'}}},
        ],
    },
    "tiles-render-m2b8s": {
        "phase": "Failed",
        "reason": "Evicted",
        "message": "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 3146Mi. Container render was using 41Gi, request is 0, has larger consumption of ephemeral-storage.",
    },
    "cohort-train-z5v1c": {
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message":
                        "0/6 nodes are available: 2 node(s) had untolerated taint {gpu: true}, 4 Insufficient memory."}],
    },
    "sales-load-t6j9r": {"phase": "Running", "startTime": _CREATED},
    "ledger-post-h8w3n": {
        "phase": "Failed",
        "reason": "NodeLost",
        "message": "Node ip-10-0-4-17 which was running pod ledger-post-h8w3n is unresponsive",
    },
}  # fmt: skip

_EVENTS: dict[str, list[tuple[str, str, str]]] = {
    "features-join-7xk2p": [("Normal", "Started", "Started container join")],
    "prices-merge-q9f4d": [
        ("Normal", "Pulling", 'Pulling image "registry.acme.internal/merge:4.3"'),
        ("Warning", "Failed", 'Failed to pull image "registry.acme.internal/merge:4.3": rpc error: code = NotFound desc = failed to pull and unpack image "registry.acme.internal/merge:4.3": registry.acme.internal/merge:4.3: not found'),
        ("Warning", "Failed", "Error: ErrImagePull"),
        ("Normal", "BackOff", 'Back-off pulling image "registry.acme.internal/merge:4.3"'),
    ],
    "tiles-render-m2b8s": [
        ("Warning", "Evicted", "The node was low on resource: ephemeral-storage."),
    ],
    "cohort-train-z5v1c": [
        ("Warning", "FailedScheduling", "0/6 nodes are available: 2 node(s) had untolerated taint {gpu: true}, 4 Insufficient memory. preemption: 0/6 nodes are available."),
    ],
    "ledger-post-h8w3n": [
        ("Warning", "NodeNotReady", "Node is not ready"),
    ],
}  # fmt: skip

_GROUPS = {
    "kind": "APIGroupList", "apiVersion": "v1",
    "groups": [{"name": "batch", "versions": [{"groupVersion": "batch/v1", "version": "v1"}],
                "preferredVersion": {"groupVersion": "batch/v1", "version": "v1"}}],
}  # fmt: skip


def _resources(version: str, *kinds: tuple[str, str]) -> dict[str, Any]:
    verbs = ["create", "delete", "get", "list", "watch"]
    return {
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version,
        "resources": [{"name": name, "singularName": name[:-1], "namespaced": True, "kind": kind,
                       "verbs": verbs} for name, kind in kinds],
    }  # fmt: skip


_FIXED: dict[str, dict[str, Any]] = {
    "/version": {"major": "1", "minor": "31", "gitVersion": "v1.31.4"},
    "/api": {"kind": "APIVersions", "apiVersion": "v1", "versions": ["v1"]},
    "/apis": _GROUPS,
    "/api/v1": _resources("v1", ("pods", "Pod"), ("events", "Event")),
    "/apis/batch/v1": _resources("batch/v1", ("jobs", "Job")),
}


def _pod(namespace: str, name: str) -> dict[str, Any]:
    return {
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace, "uid": name, "creationTimestamp": _CREATED},
        "spec": {"containers": [{"name": name.split("-")[1], "image": "registry.acme.internal/batch:4",
                                 "resources": {"limits": {"memory": "8Gi"}}}],
                 "nodeName": "ip-10-0-4-17"},
        "status": _PODS[name],
    }  # fmt: skip


def _events(namespace: str, name: str) -> dict[str, Any]:
    items = [
        {"metadata": {"name": f"{name}.{number}", "namespace": namespace}, "type": kind,
         "involvedObject": {"kind": "Pod", "name": name, "namespace": namespace, "uid": name},
         "reason": reason, "message": message, "count": 3, "source": {"component": "kubelet"},
         "firstTimestamp": _CREATED, "lastTimestamp": _CREATED}
        for number, (kind, reason, message) in enumerate(_EVENTS.get(name, []))
    ]  # fmt: skip
    return {"kind": "EventList", "apiVersion": "v1", "metadata": {}, "items": items}


def _job(namespace: str, name: str) -> dict[str, Any]:
    return {
        "kind": "Job", "apiVersion": "batch/v1",
        "metadata": {"name": name, "namespace": namespace, "uid": name,
                     "creationTimestamp": _CREATED, "resourceVersion": "7"},
        "spec": {"template": {"spec": {"containers": []}}},
        "status": {"active": 1, "startTime": _CREATED},
    }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    created: ClassVar[set[tuple[str, str]]] = set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: the runner's output is for people."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        path = address.path.rstrip("/")
        if path in _FIXED:
            self._json(200, _FIXED[path])
            return
        match path.split("/"):
            case [*_, "namespaces", namespace, "pods", name] if name in _PODS:
                self._json(200, _pod(namespace, name))
            case [*_, "namespaces", namespace, "jobs", name] if (namespace, name) in self.created:
                self._json(200, _job(namespace, name))
            case [*_, "namespaces", namespace, "events"]:
                selector = parse_qs(address.query).get("fieldSelector", [""])[0]
                name = next((name for name in _PODS if f"name={name}" in selector), "")
                self._json(200, _events(namespace, name))
            case [*_, "namespaces", namespace, "jobs"]:
                self._jobs(namespace, parse_qs(address.query))
            case [*_, "namespaces", namespace]:
                metadata = {"name": namespace}
                self._json(200, {"kind": "Namespace", "apiVersion": "v1", "metadata": metadata})
            case [*_, resource, name]:
                self._refuse(404, "NotFound", f'{resource} "{name}" not found')
            case _:
                self._refuse(404, "NotFound", "the server could not find the requested resource")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        namespace = self.path.split("/namespaces/")[1].split("/")[0]
        if namespace in _REFUSALS:
            self._refuse(*_REFUSALS[namespace])
        else:
            name = body["metadata"]["name"]
            self.created.add((namespace, name))
            self._json(201, _job(namespace, name))

    def _jobs(self, namespace: str, query: dict[str, list[str]]) -> None:
        name = query.get("fieldSelector", [""])[0].partition("=")[2]
        if "watch" in query:
            time.sleep(8)  # nothing happens
            self._send(200, b"")
        else:
            job = _job(namespace, name)
            self._json(200, {"kind": "JobList", "apiVersion": "batch/v1",
                             "metadata": {"resourceVersion": "7"}, "items": [job]})  # fmt: skip

    def _refuse(self, code: int, reason: str, message: str) -> None:
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure",
                  "reason": reason, "message": message, "code": code}  # fmt: skip
        self._json(code, status)

    def _json(self, code: int, value: dict[str, Any]) -> None:
        self._send(code, json.dumps(value).encode())

    def _send(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """kubectl breaks off a watch when its time is over."""


def start(port: int) -> Callable[[], None]:
    """Serve on 127.0.0.1:`port`; returns what stops it."""
    server = _QuietServer(("127.0.0.1", port), _Handler)
    Thread(target=server.serve_forever, daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    return stop
