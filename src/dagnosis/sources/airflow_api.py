"""Runs and logs through the REST API v2 of Airflow 3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dagnosis.errors import WrongUse
from dagnosis.logs.reading import Limits as LogLimits
from dagnosis.sources.airflow_rest import (
    ACTIVE,
    PAGE,
    RestHistory,
    RestLogs,
    Row,
    asset_event,
    attempt,
    attempt_key,
    parsed,
    run,
    stated,
)
from dagnosis.sources.contract import (
    AssetEvent,
    Attempt,
    DagVersion,
    LogSource,
    Run,
    RunHistory,
)
from dagnosis.sources.credentials import Bearer, Nobody, Password
from dagnosis.sources.rest import Credentials, Limits, Rest, segment

if TYPE_CHECKING:
    from dagnosis.settings import Settings

PREFIX = "/api/v2"


class ApiHistory(RestHistory):
    """`RunHistory` of Airflow 3 by REST: pages by key where the server knows `cursor` (3.2), else by
    offset with an overlap."""

    prefix = PREFIX
    runs_newest_first = "-run_after"

    def attempts(self, since: datetime, until: datetime | None = None) -> Iterator[Attempt]:
        """Task instances that changed, by the time at which their try was made."""
        params = {"order_by": "id", **_changed(since, until)}
        path = "/dags/~/dagRuns/~/taskInstances"
        rows = self._by_key(path, "task_instances", params, attempt_key)
        yield from self._converted(rows, attempt)

    def of_run(self, dag_id: str, run_id: str) -> list[Attempt]:
        """The last try of every task instance of a run."""
        path = self._run_path(dag_id, run_id)
        if path is None:
            return []
        below = path.removeprefix(self.prefix)
        rows = self._by_key(below, "task_instances", {"order_by": "id"}, attempt_key)
        return list(self._converted(rows, attempt))

    def runs(self, since: datetime, until: datetime | None = None) -> Iterator[Run]:
        """Runs that changed, the oldest change first."""
        params = {"order_by": "updated_at", **_changed(since, until)}
        rows = self._by_key("/dags/~/dagRuns", "dag_runs", params, _run_key)
        yield from self._converted(rows, run)

    def running(self) -> list[Attempt]:
        """Tries that run, or wait to run."""
        params = {"order_by": "id", "state": list(ACTIVE)}
        path = "/dags/~/dagRuns/~/taskInstances"
        rows = self._by_key(path, "task_instances", params, attempt_key)
        return list(self._converted(rows, attempt))

    def asset_events(self, since: datetime) -> Iterator[AssetEvent]:
        """Asset events, the oldest first."""
        params = {"order_by": "timestamp", "timestamp_gte": stated(since)}
        rows = self._by_offset("/assets/events", "asset_events", params, _id)
        yield from self._converted(rows, lambda row: asset_event(row, "uri"))

    def versions(self, dag_id: str, limit: int = 20) -> list[DagVersion]:
        """Versions of a DAG, the newest first, with their source text (one request each)."""
        name = segment(dag_id)
        if name is None or limit < 1:
            return []
        params = {"order_by": "-version_number"}
        path = f"/dags/{name}/dagVersions"
        rows = self._by_offset(path, "dag_versions", params, _id, most=limit)
        return list(self._converted(list(rows)[:limit], self._version))

    def _version(self, row: Row) -> DagVersion:
        number = row["version_number"]
        name = segment(row["dag_id"])
        source = self._rest.find(f"{self.prefix}/dagSources/{name}", {"version_number": number})
        return DagVersion(
            dag_id=row["dag_id"],
            version=str(number),
            created=parsed(row["created_at"]),
            bundle_version=row.get("bundle_version") or "",
            source=(source or {}).get("content") or "",
        )

    def _by_key(self, path: str, key: str, params: Row, identity: Any) -> Iterator[Row]:
        """Rows of all pages by key, which stays right while rows come and go."""
        cursor: str | None = ""
        while cursor is not None:
            page = self._rest.find(self.prefix + path, {"limit": PAGE, "cursor": cursor, **params})
            if page is None:
                return
            rows = self._rows(page, key)
            if "next_cursor" not in page:  # before Airflow 3.2
                yield from self._by_offset(path, key, params, identity)
                return
            yield from rows
            following = page["next_cursor"]
            cursor = following if rows and following != cursor else None


class ApiLogs(RestLogs):
    """`LogSource` of Airflow 3 by REST."""

    prefix = PREFIX
    accept = "application/x-ndjson"


def _changed(since: datetime, until: datetime | None) -> dict[str, str]:
    bounds = {"updated_at_gte": stated(since)}
    return bounds if until is None else {**bounds, "updated_at_lt": stated(until)}


def _run_key(row: Row) -> Any:
    return row.get("dag_id"), row.get("dag_run_id")


def _id(row: Row) -> Any:
    return row.get("id")


# ---------------------------------------------------------------- from settings


def open_history(settings: Settings) -> RunHistory:
    """The Airflow at `airflow_url`, whichever version it has."""
    rest = opened(settings)
    if speaks_v1(rest):
        from dagnosis.sources.airflow_api_v1 import ApiV1History

        return ApiV1History(rest)
    return ApiHistory(rest)


def open_logs(settings: Settings, limits: LogLimits) -> LogSource:
    """The logs of the Airflow at `airflow_url`, whichever version it has."""
    rest = opened(settings)
    if speaks_v1(rest):
        from dagnosis.sources.airflow_api_v1 import ApiV1Logs

        return ApiV1Logs(rest, limits)
    return ApiLogs(rest, limits)


def opened(settings: Settings) -> Rest:
    """The server at `airflow_url`, and who we are to it; `WrongUse` where that is not set rightly."""
    limits = Limits(
        timeout=settings.airflow_timeout_seconds, patience=settings.airflow_patience_seconds
    )
    return Rest(settings.airflow_url, credentials(settings), limits)


def credentials(settings: Settings) -> Credentials:
    """Who we are, as the settings say; nobody where they do not say."""
    if settings.airflow_token_env:
        token = _secret("airflow_token_env", settings.airflow_token_env)
        if not token.isascii():
            raise WrongUse("airflow_token_env: that is no token")
        return Bearer(token)
    if not settings.airflow_user:
        return Nobody()
    if not settings.airflow_password_env:
        raise WrongUse(
            "airflow_user needs airflow_password_env, the name of the variable with the password"
        )
    return Password(
        settings.airflow_user, _secret("airflow_password_env", settings.airflow_password_env)
    )


def speaks_v1(rest: Rest) -> bool:
    """Whether an Airflow 2 answers. Raises `WrongUse` where no Airflow does."""
    try:
        if rest.find(f"{PREFIX}/version") is not None:
            return False
        if rest.find("/api/v1/version") is not None:
            return True
    except BaseException:
        rest.close()
        raise
    rest.close()
    raise WrongUse(
        f"{rest.root}: answers, but as no Airflow (neither /api/v2 nor /api/v1); check airflow_url"
    )


def _secret(setting: str, variable: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise WrongUse(f"{setting}: the variable {variable} is not set, or is empty")
    if not value.isprintable():
        raise WrongUse(f"{setting}: what the variable {variable} holds is no password or token")
    return value
