"""The pages: each route asks a view of `dagnosis.pages` and renders it; each form does one action."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from dagnosis.errors import WrongUse
from dagnosis.model import TaskRef
from dagnosis.models import store as models
from dagnosis.pages import actions, data, health, incident, incidents, overview, risk, task
from dagnosis.pages import models as models_page
from dagnosis.pages.actions import DONE
from dagnosis.pages.incidents import STATES
from dagnosis.pages.links import Links, Visitor
from dagnosis.pages.rendering import STATIC, headers, render, static
from dagnosis.pages.stores import Stores
from dagnosis.server.visitors import COOKIE, STAYS, Asker, Refused, Visitors, new_cookie
from dagnosis.services.tokens import Scope

BIGGEST_ID = 2**31 - 1
_OWN = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""A path of this server: printable ASCII without a backslash, which browsers take for a slash."""


def router(stores: Stores, visitors: Visitors, links: Links) -> APIRouter:
    """All routes of the pages."""
    routes = APIRouter(include_in_schema=False)
    show = _Shown(visitors, links)
    _main(routes, stores, show)
    _beside(routes, stores, links, show)
    _forms(routes, stores, visitors, links)
    _doors(routes, visitors, links)
    return routes


def _main(routes: APIRouter, stores: Stores, show: _Shown) -> None:
    """What the navigation leads to."""

    @routes.get("/")
    def _overview(request: Request) -> Response:
        return show(request, "overview", lambda _: overview.overview(stores))

    @routes.get("/incidents")
    def _incidents(request: Request) -> Response:
        chosen = incidents.asked(parse_qs(request.url.query))
        return show(request, "incidents", lambda _: incidents.listed(stores, chosen))

    @routes.get("/incidents/{number}")
    def _incident(request: Request, number: str) -> Response:
        return show(request, "incident", lambda _: incident.shown(stores, _id(number), show.links))

    @routes.get("/risk")
    def _risk(request: Request) -> Response:
        return show(request, "risk", lambda _: risk.page(stores))

    @routes.get("/data")
    def _data(request: Request) -> Response:
        return show(request, "data", lambda _: data.datasets(stores))

    @routes.get("/data/{name:path}")
    def _dataset(request: Request, name: str, partition: str = "") -> Response:
        return show(request, "dataset", lambda _: data.dataset(stores, name, partition=partition))

    @routes.get("/models")
    def _models(request: Request) -> Response:
        return show(request, "models", lambda _: models_page.page(stores))

    @routes.get("/health")
    def _health(request: Request) -> Response:
        return show(request, "health", lambda _: health.page(stores))


def _beside(routes: APIRouter, stores: Stores, links: Links, show: _Shown) -> None:
    """What belongs to a DAG, a run, a task instance; and files."""

    @routes.get("/dags/{dag_id}")
    def _dag(request: Request, dag_id: str) -> Response:
        return show(request, "dag", lambda _: task.dag(stores, dag_id))

    @routes.get("/dags/{dag_id}/runs/{run_id:path}/tasks/{task_id}")
    def _task(request: Request, dag_id: str, run_id: str, task_id: str) -> Response:
        asked = parse_qs(request.url.query)
        ref = TaskRef(
            dag_id, run_id, task_id,
            _number(asked.get("map_index", [""])[0], -1),
            _number(asked.get("try_number", [""])[0], 0),
        )  # fmt: skip
        return show(request, "task", lambda _: task.task(stores, ref, links))

    @routes.get("/dags/{dag_id}/runs/{run_id:path}")
    def _run(request: Request, dag_id: str, run_id: str) -> Response:
        return show(request, "run", lambda _: task.run(stores, dag_id, run_id))

    @routes.get("/static/{name}")
    def _static(name: str) -> Response:
        content = static(name)
        if content is None:
            return Response(status_code=404)
        kept = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(content, media_type=STATIC[name], headers=kept)


class _Shown:
    """Lets a visitor in, asks the view, renders it; a page that is not there is said to be so."""

    def __init__(self, visitors: Visitors, links: Links) -> None:
        self.visitors, self.links = visitors, links

    def __call__(self, request: Request, name: str, view: Callable[[Asker], Any]) -> Response:
        asker = self.visitors.asker(request)
        cookie = asker.cookie or request.cookies.get(COOKIE, "") or new_cookie()
        found = view(asker)
        visitor = self.visitors.visitor(asker, cookie)
        if found is None:
            return page(self.links, "message", NOT_THERE, visitor, status=404)
        done = DONE.get(request.query_params.get("done", ""), "")
        answer = page(self.links, name, found, visitor, done=done)
        if cookie != request.cookies.get(COOKIE):
            self.set(answer, cookie)
        return answer

    def set(self, answer: Response, cookie: str) -> None:
        set_cookie(answer, cookie, self.visitors.secure)


NOT_THERE = {
    "title": "Not here",
    "text": "There is no such page, or what it was about is no longer kept.",
}


def set_cookie(answer: Response, cookie: str, secure: bool) -> None:
    """A cookie that scripts cannot read and that other sites' forms do not send; a link to an incident,
    in a chat or a mail, does, so that whoever is signed in sees it at once."""
    answer.set_cookie(COOKIE, cookie, max_age=STAYS, httponly=True, samesite="lax", secure=secure)


def page(
    links: Links,
    name: str,
    view: Any,
    visitor: Visitor | None = None,
    status: int = 200,
    **more: Any,
) -> HTMLResponse:
    """A rendered page with its headers."""
    return HTMLResponse(render(name, view, links, visitor, **more), status, headers(links))


def _id(number: str) -> int:
    """The number of an incident; 0, which none has, for what is no number."""
    return _number(number, 0)


def _number(text: str, otherwise: int) -> int:
    found = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else otherwise
    return found if found <= BIGGEST_ID else otherwise


class _Form:
    """What a form sent, after the checks; the asker may what the form needs."""

    def __init__(self, asker: Asker, values: dict[str, list[str]]) -> None:
        self.asker, self.values = asker, values

    def one(self, key: str) -> str:
        return self.values.get(key, [""])[-1]

    def all(self, key: str) -> list[str]:
        return self.values.get(key, [])


async def _form(request: Request, visitors: Visitors, scope: Scope) -> _Form:
    asker = visitors.asker(request, scope)
    raw = (await request.body()).decode("utf-8", "replace")
    values = parse_qs(raw, keep_blank_values=True, max_num_fields=2000)
    if not asker.bearer:
        visitors.check_csrf(request.cookies.get(COOKIE, ""), values.get("csrf", [""])[-1])
    return _Form(asker, values)


def _see(links: Links, *parts: object, done: str = "", **query: object) -> RedirectResponse:
    return RedirectResponse(links.to(*parts, **query, done=done), 303)


def _forms(routes: APIRouter, stores: Stores, visitors: Visitors, links: Links) -> None:
    @routes.post("/incidents/state")
    async def _state(request: Request) -> Response:
        form = await _form(request, visitors, "write")
        state = next((one for one in STATES if one == form.one("state")), None)
        ids = [number for one in form.all("id") if (number := _id(one))]
        if state is None or not ids:
            raise WrongUse("choose at least one incident, then what to do with it")
        await run_in_threadpool(actions.set_state, stores, ids, state, who=form.asker.name)
        back = _id(form.one("back"))
        return _see(links, "incidents", *((back,) if back else ()), done=state)

    @routes.post("/incidents/{number}/notes")
    async def _note(request: Request, number: str) -> Response:
        form = await _form(request, visitors, "write")
        told = await run_in_threadpool(
            actions.note, stores, _id(number), form.one("text"), who=form.asker.name
        )
        if not told:
            raise WrongUse("there is no such incident")
        return _see(links, "incidents", _id(number), done="noted")

    @routes.post("/feedback/{diagnosis_id}")
    async def _feedback(request: Request, diagnosis_id: str) -> Response:
        form = await _form(request, visitors, "write")
        verdict = "correct" if form.one("verdict") == "correct" else "confirm"
        cause = form.one("cause") if verdict == "correct" else ""
        if verdict == "correct" and not cause.strip():
            raise WrongUse("say which cause it is: family.cause, or a family alone")
        given = await run_in_threadpool(
            actions.give_feedback, stores, diagnosis_id, cause,
            who=form.asker.name, text=form.one("note"),
        )  # fmt: skip
        if given is None:
            raise WrongUse("this diagnosis is no longer kept")
        back = form.one("back")
        if _id(back):
            return _see(links, "incidents", _id(back), done=verdict)
        if back.startswith(f"{links.base}/dags/"):
            return RedirectResponse(f"{back}{'&' if '?' in back else '?'}done={verdict}", 303)
        return _see(links, done=verdict)

    @routes.post("/models/{name}/rollback")
    async def _rollback(request: Request, name: str) -> Response:
        await _form(request, visitors, "admin")
        await run_in_threadpool(models.rollback, name, stores.models)
        return _see(links, "models", done="rolled")

    @routes.post("/models/{name}/promote")
    async def _promote(request: Request, name: str) -> Response:
        form = await _form(request, visitors, "admin")
        await run_in_threadpool(promote, stores, name, form.one("version"))
        return _see(links, "models", done="promoted")


def promote(stores: Stores, name: str, version: str) -> None:
    """Put a kept version in use again. Raises `WrongUse` for one that is not kept or not sound."""
    known = [one.version for one in models.versions(name, stores.models) if not one.trouble]
    if version not in known[1:]:
        raise WrongUse(f"{name}: no promoted version {version!r} is kept")
    models.promote(name, stores.models / name / "versions" / version, stores.models)


def _doors(routes: APIRouter, visitors: Visitors, links: Links) -> None:
    @routes.get("/login")
    def _login(request: Request) -> Response:
        cookie = request.cookies.get(COOKIE, "") or new_cookie()
        wanted = own_path(request.query_params.get("next", ""))
        answer = page(links, "login", "", Visitor(csrf=visitors.csrf(cookie)), wanted=wanted)
        set_cookie(answer, cookie, visitors.secure)
        return answer

    @routes.post("/login")
    async def _sign_in(request: Request) -> Response:
        values = parse_qs((await request.body()).decode("utf-8", "replace"))
        cookie = request.cookies.get(COOKIE, "")
        visitors.check_csrf(cookie, values.get("csrf", [""])[-1])
        secret = values.get("token", [""])[-1].strip()
        wanted = own_path(values.get("next", [""])[-1])
        made = await run_in_threadpool(visitors.sign_in, request, secret)
        if made is None:
            told = "That token is not known, or has expired."
            visitor = Visitor(csrf=visitors.csrf(cookie))
            return page(links, "login", told, visitor, status=401, wanted=wanted)
        answer = RedirectResponse(wanted or links.to(), 303)
        set_cookie(answer, made, visitors.secure)
        return answer

    @routes.post("/logout")
    async def _sign_out(request: Request) -> Response:
        await _form(request, visitors, "read")
        visitors.sign_out(request.cookies.get(COOKIE, ""))
        answer = _see(links, "login")
        answer.delete_cookie(COOKIE)
        return answer


def own_path(text: str) -> str:
    """An address of ours, empty for any other.

    >>> own_path("/incidents/7?x=1"), own_path("//evil.example"), own_path("https://evil.example")
    ('/incidents/7?x=1', '', '')
    """
    return text if _OWN.fullmatch(text) else ""


def refused(request: Request, links: Links, error: Refused) -> Response:
    """What somebody sees who was not let in: the door, which then leads on, or why not."""
    if error.status == 401:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        wanted = own_path(asked) if request.method == "GET" and asked != "/" else ""
        return RedirectResponse(links.to("login", next=wanted), 303)
    view = {"title": "Not allowed" if error.status == 403 else "Wait", "text": error.why}
    return page(links, "message", view, status=error.status)
