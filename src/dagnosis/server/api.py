"""The JSON API, below /api/v1. Answers are the frozen values of the stores, as JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from dagnosis.errors import WrongUse
from dagnosis.incidents import contract
from dagnosis.incidents.contract import (
    Change,
    Count,
    Entry,
    Incident,
    Kind,
    Occurrence,
    Page,
    State,
)
from dagnosis.model import TaskRef
from dagnosis.models import store as models
from dagnosis.models.store import Version
from dagnosis.pages import actions, data, health, risk
from dagnosis.pages import models as models_page
from dagnosis.pages.stores import Stores
from dagnosis.server.pages import BIGGEST_ID, promote
from dagnosis.server.visitors import COOKIE, Asker, Visitors
from dagnosis.services.health import Check, Status
from dagnosis.services.outlook import Outlook
from dagnosis.services.tokens import Scope

Id: TypeAlias = Annotated[int, Path(ge=1, le=BIGGEST_ID)]
Name: TypeAlias = Annotated[str, Path(min_length=1, max_length=500)]
Text: TypeAlias = Annotated[str, Query(max_length=500)]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=200)]
Index: TypeAlias = Annotated[int, Query(ge=-1, le=BIGGEST_ID)]
COLUMNS = 2000
"""Steps of time that one question may have."""


class Fault(msgspec.Struct, frozen=True):
    """Why there is no answer, in one line."""

    error: str


class Changed(msgspec.Struct, frozen=True):
    """How many incidents changed."""

    changed: int


class Given(msgspec.Struct, frozen=True):
    """The cause that now stands."""

    detail: str


class Noted(msgspec.Struct, frozen=True):
    """The incident that a note was added to."""

    incident_id: int


class InUse(msgspec.Struct, frozen=True):
    """The version of a model that is in use now; empty for none."""

    name: str
    version: str


class Model(msgspec.Struct, frozen=True):
    """A model with its versions, the newest first."""

    name: str
    meaning: str
    versions: tuple[Version, ...]


class Health(msgspec.Struct, frozen=True):
    """What was looked at, and the last words of the processes."""

    version: str
    checks: tuple[Check, ...]
    processes: tuple[Status, ...]


class Dataset(msgspec.Struct, frozen=True):
    """A dataset with its newest batch and the finding about it."""

    dataset: str
    partition: str
    status: str
    batches: int
    made: datetime
    summary: str = ""
    score: float | None = None
    limit: float | None = None


class Batch(msgspec.Struct, frozen=True):
    """One batch of a dataset."""

    partition: str
    status: str
    rows: int
    summary: str


class SetState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Change incidents; `hours` is how long muted ones stay so (24)."""

    ids: Annotated[tuple[Annotated[int, msgspec.Meta(ge=1, le=BIGGEST_ID)], ...],
                   msgspec.Meta(min_length=1, max_length=actions.MOST)]  # fmt: skip
    state: State
    hours: Annotated[float, msgspec.Meta(gt=0, le=8784)] | None = None


class AddNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=actions.NOTE)]


class GiveFeedback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Confirm a diagnosis (no `cause`), or correct it."""

    cause: Annotated[str, msgspec.Meta(max_length=200)] = ""
    note: Annotated[str, msgspec.Meta(max_length=actions.NOTE)] = ""


class Promote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The version to put in use again."""

    version: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


ANSWERS: dict[str, Any] = {
    "incidents": Page, "incident": Incident, "occurrences": list[Occurrence], "timeline": list[Entry],
    "changes": list[Change], "occurrence": Occurrence, "counts": list[Count], "outlook": Outlook,
    "datasets": list[Dataset], "batches": list[Batch], "models": list[Model], "health": Health,
    "changed": Changed, "given": Given, "noted": Noted, "in_use": InUse, "fault": Fault,
    "set_state": SetState, "add_note": AddNote, "give_feedback": GiveFeedback, "promote": Promote,
}  # fmt: skip
"""Every shape that goes over the API, by the name that OpenAPI refers to."""


class Missing(Exception):
    """404."""


def answer(value: Any) -> Response:
    """A value as JSON."""
    return Response(msgspec.json.encode(value), media_type="application/json")


def _doc(name: str, *also: int, body: str = "") -> dict[str, Any]:
    """What OpenAPI says of a route: its answer, its faults, its body."""
    faults = {400, 401, 403, 429, 503, *also}
    shape = {"application/json": {"schema": {"$ref": f"#/answers/{name}"}}}
    fault = {"application/json": {"schema": {"$ref": "#/answers/fault"}}}
    words = {
        400: "The question cannot be understood.",
        401: "A token is needed.",
        403: "The token may not do this.",
        404: "There is no such thing.",
        413: "The body is too large.",
        422: "A parameter is out of its range.",
        429: "Too many requests; see Retry-After.",
        503: "A store does not answer.",
    }
    found: dict[str, Any] = {
        "responses": {
            200: {"description": "The answer.", "content": shape},
            **{code: {"description": words[code], "content": fault} for code in sorted(faults)},
            422: {"description": words[422], "content": fault},
        },
        "response_class": Response,
    }
    if body:
        content = {"application/json": {"schema": {"$ref": f"#/answers/{body}"}}}
        found["openapi_extra"] = {"requestBody": {"required": True, "content": content}}
        found["responses"][413] = {"description": words[413], "content": fault}
    return found


def router(stores: Stores, visitors: Visitors) -> APIRouter:
    """All routes of the API."""
    routes = APIRouter(prefix="/api/v1")
    _read_incidents(routes, stores, visitors)
    _read_others(routes, stores, visitors)
    _write(routes, stores, visitors)
    return routes


def _read_incidents(routes: APIRouter, stores: Stores, visitors: Visitors) -> None:
    let_in = visitors.asker

    @routes.get("/incidents", summary="Incidents, by what is asked", **_doc("incidents"))
    def incidents(
        request: Request,
        state: Annotated[list[State], Query()] = [],  # noqa: B006 - FastAPI copies it
        kind: Annotated[list[Kind], Query()] = [],  # noqa: B006
        cause: Annotated[list[str], Query(max_length=30)] = [],  # noqa: B006
        dag_id: Text = "",
        task_id: Text = "",
        run_id: Text = "",
        text: Text = "",
        since: datetime | None = None,
        until: datetime | None = None,
        members: bool = False,
        order: Literal["last_seen", "first_seen", "count", "dags"] = "last_seen",
        cursor: Text = "",
        limit: Limit = 50,
    ) -> Response:
        let_in(request)
        return answer(
            stores.incidents.find(
                contract.Query(
                    states=tuple(state), kinds=tuple(kind), causes=tuple(cause), dag_id=dag_id,
                    task_id=task_id, run_id=run_id, text=text, since=_zoned(since),
                    until=_zoned(until), members=members, order=order, cursor=cursor, limit=limit,
                )
            )
        )  # fmt: skip

    @routes.get("/incidents/{incident_id}", summary="One incident", **_doc("incident", 404))
    def incident(request: Request, incident_id: Id) -> Response:
        let_in(request)
        return answer(_there(stores.incidents.incident(incident_id)))

    def part(name: str, summary: str, of: Callable[[int], Any]) -> None:
        @routes.get(
            f"/incidents/{{incident_id}}/{name}", summary=summary, name=name, **_doc(name, 404)
        )
        def found(request: Request, incident_id: Id) -> Response:
            let_in(request)
            _there(stores.incidents.incident(incident_id))
            return answer(of(incident_id))

    part("timeline", "What happened to an incident, the oldest first", stores.incidents.timeline)
    part("changes", "What changed before it began", stores.incidents.changes)

    @routes.get(
        "/incidents/{incident_id}/occurrences",
        summary="Its tries, the newest first",
        **_doc("occurrences", 404),
    )
    def occurrences(
        request: Request, incident_id: Id, limit: Limit = 50, before: datetime | None = None
    ) -> Response:
        let_in(request)
        _there(stores.incidents.incident(incident_id))
        return answer(stores.incidents.occurrences(incident_id, limit=limit, before=_zoned(before)))

    @routes.get("/occurrence", summary="What is kept of one failed try", **_doc("occurrence", 404))
    def occurrence(
        request: Request,
        dag_id: Text,
        run_id: Text,
        task_id: Text,
        map_index: Index = -1,
        try_number: Annotated[int, Query(ge=0, le=BIGGEST_ID)] = 1,
        kind: Kind = "failure",
    ) -> Response:
        let_in(request)
        ref = TaskRef(dag_id, run_id, task_id, map_index, try_number)
        return answer(_there(stores.incidents.occurrence(ref, kind)))

    @routes.get("/run", summary="What failed in a run, the first one first", **_doc("occurrences"))
    def run(request: Request, dag_id: Text, run_id: Text) -> Response:
        let_in(request)
        return answer(stores.incidents.of_run(dag_id, run_id))

    @routes.get("/counts", summary="Failures over time by family", **_doc("counts"))
    def counts(
        request: Request,
        since: datetime,
        until: datetime,
        step_seconds: Annotated[int, Query(ge=60, le=31 * 86_400)] = 86_400,
    ) -> Response:
        let_in(request)
        start, end = _zoned(since), _zoned(until)
        if not timedelta(0) < end - start <= timedelta(seconds=COLUMNS * step_seconds):
            raise WrongUse(f"until must be later than since, by {COLUMNS:,} steps at the most")
        return answer(stores.incidents.counts(start, end, step_seconds))


def _read_others(routes: APIRouter, stores: Stores, visitors: Visitors) -> None:
    let_in = visitors.asker

    @routes.get("/risks", summary="Runs by their risk, as last reckoned", **_doc("outlook", 404))
    def risks(request: Request) -> Response:
        let_in(request)
        return answer(_there(risk.risks(stores)))

    @routes.get("/datasets", summary="Datasets with their newest batch", **_doc("datasets"))
    def datasets(request: Request) -> Response:
        let_in(request)
        return answer([_dataset(row) for row in data.datasets(stores).rows])

    @routes.get("/datasets/{name:path}", summary="The batches of a dataset", **_doc("batches", 404))
    def batches(request: Request, name: Name) -> Response:
        let_in(request)
        return answer([Batch(*one) for one in _there(data.dataset(stores, name)).batches])

    @routes.get("/models", summary="Models and their versions", **_doc("models"))
    def all_models(request: Request) -> Response:
        let_in(request)
        found = models_page.page(stores).models
        return answer([Model(one.name, one.meaning, one.versions) for one in found])

    @routes.get("/health", summary="How dagnosis itself is", **_doc("health"))
    def how(request: Request) -> Response:
        let_in(request)
        found = health.page(stores)
        return answer(Health(found.version, found.checks, found.processes))


def _write(routes: APIRouter, stores: Stores, visitors: Visitors) -> None:
    @routes.post(
        "/incidents/state",
        summary="Acknowledge, mute, resolve or reopen incidents",
        **_doc("changed", body="set_state"),
    )
    async def state(request: Request) -> Response:
        asker = _may(request, visitors, "write")
        asked = await _body(request, SetState)
        changed = await run_in_threadpool(
            actions.set_state, stores, asked.ids, asked.state, who=asker.name, hours=asked.hours
        )
        return answer(Changed(changed))

    @routes.post(
        "/incidents/{incident_id}/notes",
        summary="Add a note",
        **_doc("noted", 404, body="add_note"),
    )
    async def note(request: Request, incident_id: Id) -> Response:
        asker = _may(request, visitors, "write")
        asked = await _body(request, AddNote)
        told = await run_in_threadpool(
            actions.note, stores, incident_id, asked.text, who=asker.name
        )
        _there(told or None)
        return answer(Noted(incident_id))

    @routes.post(
        "/diagnoses/{diagnosis_id}/feedback",
        summary="Confirm or correct a diagnosis",
        **_doc("given", 404, body="give_feedback"),
    )
    async def feedback(request: Request, diagnosis_id: Name) -> Response:
        asker = _may(request, visitors, "write")
        asked = await _body(request, GiveFeedback)
        detail = await run_in_threadpool(
            actions.give_feedback, stores, diagnosis_id, asked.cause,
            who=asker.name, text=asked.note,
        )  # fmt: skip
        return answer(Given(_there(detail)))

    @routes.post(
        "/models/{name}/rollback",
        summary="Put the version before in use",
        **_doc("in_use"),
    )
    async def rollback(request: Request, name: Name) -> Response:
        _may(request, visitors, "admin")
        found = await run_in_threadpool(models.rollback, name, stores.models)
        return answer(InUse(name, found.manifest.version if found else ""))

    @routes.post(
        "/models/{name}/promote",
        summary="Put a kept version in use again",
        **_doc("in_use", body="promote"),
    )
    async def promoted(request: Request, name: Name) -> Response:
        _may(request, visitors, "admin")
        asked = await _body(request, Promote)
        await run_in_threadpool(promote, stores, name, asked.version)
        return answer(InUse(name, asked.version))


def _may(request: Request, visitors: Visitors, scope: Scope) -> Asker:
    """What changes something over the API is JSON, which no form of another site can send, and from
    a browser it carries the CSRF value of our pages."""
    asker = visitors.asker(request, scope)
    if request.cookies.get(COOKIE) and not asker.bearer:
        visitors.check_csrf(request.cookies[COOKIE], request.headers.get("x-csrf", ""))
    return asker


async def _body(request: Request, shape: Any) -> Any:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongUse("the body must be JSON, with Content-Type: application/json")
    try:
        return msgspec.json.decode(await request.body(), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WrongUse(f"the body: {error}") from None


def _there(value: Any) -> Any:
    if value is None:
        raise Missing
    return value


def _zoned(when: datetime | None) -> Any:
    """In UTC where no zone is given. Raises `WrongUse` for years that no store keeps."""
    if when is None:
        return None
    if not 1970 <= when.year <= 2200:
        raise WrongUse("times are between the years 1970 and 2200")
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


def _dataset(row: data.Row) -> Dataset:
    found = row.finding
    return Dataset(
        dataset=row.dataset,
        partition=row.partition,
        status=row.status,
        batches=row.batches,
        made=row.made,
        summary=found.summary if found else "",
        score=found.score if found else None,
        limit=found.limit if found else None,
    )
