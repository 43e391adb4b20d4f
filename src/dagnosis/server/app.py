"""The app: pages, API, metrics, behind the guards."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from dagnosis import __version__
from dagnosis.errors import DagnosisError, WrongUse
from dagnosis.pages.links import Links
from dagnosis.pages.rendering import headers
from dagnosis.pages.stores import Stores
from dagnosis.server import api, pages
from dagnosis.server.guards import Guards, TooMuch
from dagnosis.server.visitors import Refused, Visitors

Exposition: TypeAlias = Callable[[str], tuple[bytes, str]]
"""What /metrics answers to an `Accept`: the text and its media type."""
TITLE = "dagnosis"
SUMMARY = "Why did the Airflow run fail, is the data right, and what fails next?"
log = logging.getLogger(__name__)


def make(
    stores: Stores,
    visitors: Visitors,
    links: Links | None = None,
    *,
    names: Sequence[str] = (),
    rate: float = 50,
    exposition: Exposition | None = None,
    measure: Callable[[str, int, float], None] = lambda route, status, seconds: None,
) -> Guards:
    """The ASGI app. `names` are host names that it is known by beside those of this machine, `rate`
    the requests a second of one client, `exposition` what `/metrics` answers (None: there is none), `measure`
    as in `Guards`.
    """
    links = links or Links()
    app = FastAPI(
        title=TITLE,
        version=__version__,
        summary=SUMMARY,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.include_router(api.router(stores, visitors))
    app.include_router(pages.router(stores, visitors, links))
    _plain(app, visitors, exposition)
    _faults(app, links)
    return Guards(app, names=names, rate=rate, headers=headers(links), measure=measure)


def _plain(app: FastAPI, visitors: Visitors, exposition: Exposition | None) -> None:
    """What machines ask for."""
    described: list[bytes] = []

    @app.get("/api/v1/openapi.json", include_in_schema=False)
    def _openapi(request: Request) -> Response:
        visitors.asker(request)
        if not described:
            described.append(msgspec.json.encode(openapi(app)))
        return Response(described[0], media_type="application/json")

    @app.get("/healthz", include_in_schema=False)
    def _alive() -> Response:
        """For a supervisor: it answers, whatever the stores do. Needs no token."""
        return Response(b"ok\n", media_type="text/plain")

    @app.get("/metrics", include_in_schema=False)
    def _metrics(request: Request) -> Response:
        visitors.asker(request)
        if exposition is None:
            raise HTTPException(404)
        text, kind = exposition(request.headers.get("accept", ""))
        return Response(text, media_type=kind)


def api_description(stores: Stores) -> dict[str, Any]:
    """The OpenAPI document alone, without serving anything; the stores are not asked."""
    from pathlib import Path

    from dagnosis.services.tokens import Tokens

    app = FastAPI(title=TITLE, version=__version__, summary=SUMMARY)
    app.include_router(api.router(stores, Visitors(Tokens(Path()), trusting=False, user="")))
    return openapi(app)


def openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the shapes of our own values."""
    from fastapi.openapi.utils import get_openapi

    found = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes
    )
    names = list(api.ANSWERS)
    schemas, parts = msgspec.json.schema_components(
        [api.ANSWERS[name] for name in names], ref_template="#/components/schemas/{name}"
    )
    shapes = dict(zip(names, schemas, strict=True))
    found["components"] = {
        "schemas": parts,
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    }
    found["security"] = [{"token": []}, {}]
    resolved: dict[str, Any] = _resolved(found, shapes)
    return resolved


def _resolved(value: Any, shapes: dict[str, Any]) -> Any:
    """`#/answers/name`, which routes say, as the schema itself."""
    if isinstance(value, dict):
        named = value.get("$ref", "")
        if isinstance(named, str) and named.startswith("#/answers/"):
            return shapes[named.rpartition("/")[2]]
        return {key: _resolved(one, shapes) for key, one in value.items()}
    if isinstance(value, list):
        return [_resolved(one, shapes) for one in value]
    return value


def _faults(app: FastAPI, links: Links) -> None:
    """Errors in the form that was asked for: JSON below /api, a page elsewhere."""

    def told(request: Request, status: int, text: str) -> Response:
        if request.url.path.startswith("/api/") or request.url.path == "/metrics":
            body = msgspec.json.encode(api.Fault(text))
            return Response(body, status, media_type="application/json")
        title = {404: "Not here", 405: "Not here", 503: "A store does not answer"}
        view = {"title": title.get(status, "That did not work"), "text": text}
        return pages.page(links, "message", view, status=status)

    @app.exception_handler(DagnosisError)
    def _ours(request: Request, error: DagnosisError) -> Response:
        return told(request, 400 if isinstance(error, WrongUse) else 503, str(error))

    @app.exception_handler(Refused)
    def _refused(request: Request, error: Refused) -> Response:
        if request.url.path.startswith("/api/") or request.url.path == "/metrics":
            answer = told(request, error.status, error.why)
            if error.status == 401:
                answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        return pages.refused(request, links, error)

    @app.exception_handler(TooMuch)
    def _too_much(request: Request, error: TooMuch) -> Response:
        return told(request, 413, str(error))

    @app.exception_handler(api.Missing)
    def _missing(request: Request, _: api.Missing) -> Response:
        return told(request, 404, "there is no such thing")

    _strange(app, told)


def _strange(app: FastAPI, told: Callable[[Request, int, str], Response]) -> None:
    """What FastAPI itself refuses, and what nobody foresaw."""

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return told(request, 422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        answer = told(request, error.status_code, str(error.detail).lower())
        for key, value in (error.headers or {}).items():
            answer.headers[key] = value
        return answer

    @app.exception_handler(Exception)
    def _unknown(request: Request, error: Exception) -> Response:
        log.error("%s %r failed", request.method, request.url.path, exc_info=error)
        return told(request, 500, "this is a mistake in dagnosis; its log says more")
