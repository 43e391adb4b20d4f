"""The plugin's pages: routes and guards around the views of `dagnosis.pages`.

Every route asks Airflow's auth manager. What a user may not read is not there: no line, no count, no
name of it. Reading is the right to read a DAG's task logs, changing that to change its task instances.
"""

from __future__ import annotations

import hmac
import logging
from typing import Annotated, Any
from urllib.parse import parse_qs

from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import Depends, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dagnosis.airflow import here
from dagnosis.airflow.permissions import MAY_READ, changeable, may_change, readable
from dagnosis.errors import DagnosisError, WrongUse
from dagnosis.model import TaskRef
from dagnosis.pages import actions, incident, incidents, overview, risk, task
from dagnosis.pages.incidents import STATES
from dagnosis.pages.links import Visitor
from dagnosis.pages.rendering import STATIC, headers, render, static

READS = [Depends(requires_access_dag("GET", MAY_READ))]
"""Guard of routes with a `dag_id` in their path."""
_log = logging.getLogger(__name__)


def made() -> FastAPI:
    """The app that Airflow mounts."""
    app = FastAPI(title="dagnosis", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(DagnosisError, _trouble)
    _pages(app)
    _beside(app)
    _forms(app)
    return app


def _pages(app: FastAPI) -> None:
    @app.get("/")
    def _overview(user: GetUserDep) -> Response:
        return _page("overview", overview.overview(here.stores(), readable=readable(user)), user)

    @app.get("/incidents")
    def _incidents(request: Request, user: GetUserDep, done: str = "") -> Response:
        chosen = incidents.asked(parse_qs(request.url.query))
        found = incidents.listed(here.stores(), chosen, readable=readable(user))
        return _page("incidents", found, user, done=actions.DONE.get(done, ""))

    @app.get("/incidents/{number}")
    def _incident(number: int, user: GetUserDep, done: str = "") -> Response:
        found = incident.shown(here.stores(), number, here.links(), readable=readable(user))
        return _page("incident", found, user, done=actions.DONE.get(done, ""))

    @app.get("/risk")
    def _risk(user: GetUserDep) -> Response:
        return _page("risk", risk.page(here.stores(), readable=readable(user)), user)

    @app.get("/static/{name}")
    def _static(name: str) -> Response:
        content = static(name)
        if content is None:
            return Response(status_code=404)
        kept = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(content, media_type=STATIC[name], headers=kept)


def _beside(app: FastAPI) -> None:
    """What Airflow shows as tabs of a DAG, a run, a task instance."""

    @app.get("/dags/{dag_id}", dependencies=READS)
    def _dag(dag_id: str, user: GetUserDep) -> Response:
        found = task.dag(here.stores(), dag_id, readable=readable(user))
        return _page("dag", found, user, dag_id)

    @app.get("/dags/{dag_id}/runs/{run_id:path}/tasks/{task_id}", dependencies=READS)
    def _task(
        dag_id: str,
        run_id: str,
        task_id: str,
        user: GetUserDep,
        map_index: str = "",
        try_number: str = "",
        done: str = "",
    ) -> Response:
        ref = TaskRef(dag_id, run_id, task_id, _number(map_index, -1), _number(try_number, 0))
        may = readable(user)
        found = task.task(here.stores(), ref, here.links(), readable=may)
        if found is not None and found.occurrence is None:
            _look_at(ref)
            found = task.task(here.stores(), ref, here.links(), readable=may)
        return _page("task", found, user, dag_id, done=actions.DONE.get(done, ""))

    @app.get("/dags/{dag_id}/runs/{run_id:path}", dependencies=READS)
    def _run(dag_id: str, run_id: str, user: GetUserDep) -> Response:
        found = task.run(here.stores(), dag_id, run_id, readable=readable(user))
        return _page("run", found, user, dag_id)


def _look_at(ref: TaskRef) -> None:
    """Without a watch, the page of a task diagnoses its tries itself."""
    try:
        here.look_at(ref.dag_id, ref.run_id, ref.task_id, ref.map_index)
    except DagnosisError as error:
        _log.warning("dagnosis: %s: %s", ref, error)


def _forms(app: FastAPI) -> None:
    @app.post("/incidents/state")
    def _state(
        user: GetUserDep,
        csrf: Annotated[str, Form()] = "",
        state: Annotated[str, Form()] = "",
        back: Annotated[str, Form()] = "",
        id: Annotated[list[str] | None, Form()] = None,  # noqa: A002 - the name of the form's field
    ) -> Response:
        _check(user, csrf)
        chosen = next((one for one in STATES if one == state), None)
        numbers = [number for one in id or () if (number := _number(one, 0))]
        if chosen is None or not numbers:
            raise WrongUse("choose at least one incident, then what to do with it")
        actions.set_state(
            here.stores(), numbers, chosen, who=user.get_name(), readable=changeable(user)
        )
        return _see("incidents", *((_number(back, 0),) if _number(back, 0) else ()), done=chosen)

    @app.post("/incidents/{number}/notes")
    def _note(
        number: int,
        user: GetUserDep,
        csrf: Annotated[str, Form()] = "",
        text: Annotated[str, Form()] = "",
    ) -> Response:
        _check(user, csrf)
        may = changeable(user)
        if not actions.note(here.stores(), number, text, who=user.get_name(), readable=may):
            raise WrongUse("there is no such incident, or you may not change it")
        return _see("incidents", number, done="noted")

    @app.post("/feedback/{diagnosis_id}")
    def _feedback(
        diagnosis_id: str,
        user: GetUserDep,
        csrf: Annotated[str, Form()] = "",
        verdict: Annotated[str, Form()] = "",
        cause: Annotated[str, Form()] = "",
        note: Annotated[str, Form()] = "",
        back: Annotated[str, Form()] = "",
    ) -> Response:
        _check(user, csrf)
        if verdict == "correct" and not cause.strip():
            raise WrongUse("say which cause it is: family.cause, or a family alone")
        given = actions.give_feedback(
            here.stores(), diagnosis_id, cause if verdict == "correct" else "",
            who=user.get_name(), text=note, readable=changeable(user),
        )  # fmt: skip
        if given is None:
            raise WrongUse("this diagnosis is no longer kept, or you may not change it")
        told = "correct" if verdict == "correct" else "confirm"
        if _number(back, 0):
            return _see("incidents", _number(back, 0), done=told)
        if back.startswith(f"{here.links().base}/dags/"):
            return RedirectResponse(f"{back}{'&' if '?' in back else '?'}done={told}", 303)
        return _see("incidents", done=told)


def _page(
    name: str, view: Any, user: Any, dag_id: str = "", done: str = "", status: int = 200
) -> Response:
    links = here.links()
    if view is None:
        name, status = "message", 404
        view = {"title": "Not here", "text": "There is no such page, or it may not be read."}
    write = may_change(user, dag_id) if dag_id else True  # else each form is checked by itself
    visitor = Visitor(name=user.get_name(), write=write, csrf=_token(user))
    return HTMLResponse(render(name, view, links, visitor, done=done), status, headers(links))


def _token(user: Any) -> str:
    return hmac.new(here.secret(), f"dagnosis\0{user.get_id()}".encode(), "sha256").hexdigest()


def _check(user: Any, csrf: str) -> None:
    if not hmac.compare_digest(_token(user), csrf):
        raise WrongUse("the form is not from this page: reload it and send it again")


def _see(*parts: object, **query: object) -> RedirectResponse:
    return RedirectResponse(here.links().to(*parts, **query), 303)


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


async def _trouble(request: Request, error: Exception) -> Response:
    links = here.links()
    status = 400 if isinstance(error, WrongUse) else 503
    view = {"title": "That did not work", "text": str(error)}
    return HTMLResponse(render("message", view, links), status, headers(links))
