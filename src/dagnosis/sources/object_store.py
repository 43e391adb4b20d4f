"""Logs in an object store (S3, GCS, Azure, any other that fsspec knows), by Airflow's path template.

Credentials, regions and endpoints are those of the store's own library, from where it always finds
them (AWS_PROFILE, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_CONNECTION_STRING, roles, …).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from dagnosis.errors import DagnosisError, ServiceUnreachable, UnreadableInput, WrongUse
from dagnosis.logs.reading import Limits, LogText, read_stream
from dagnosis.logs.redaction import redact
from dagnosis.model import TaskRef
from dagnosis.sources.log_files import Chain
from dagnosis.sources.log_paths import PACKED, Found, PathTemplate, is_trigger_log

if TYPE_CHECKING:
    from dagnosis.settings import Settings

T = TypeVar("T")
EXTRAS = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "az": "azure",
    "abfs": "azure",
    "abfss": "azure",
}
"""Scheme -> the extra of dagnosis that brings its library."""
_BLOCK = 4 << 20
"""Bytes of one request."""


class ObjectLogs:
    """`LogSource` of the objects below `url`, such as s3://bucket/airflow/logs."""

    def __init__(
        self, url: str, template: str = "", limits: Limits | None = None, **options: Any
    ) -> None:
        """`options` go to fsspec. Raises `WrongUse` for a store that is not known or not installed."""
        self._url = url.rstrip("/")
        self._template = PathTemplate(template)
        self._limits = limits
        self._store, self._root = self._opened(options)

    @property
    def name(self) -> str:
        """The address, without credentials."""
        return redact(self._url)

    def close(self) -> None:
        """Forget the listings of folders."""
        self._store.invalidate_cache()

    def read(self, task: TaskRef) -> LogText | None:
        """The log of a try, with what triggers wrote for it after it; None where there is none."""
        below = self._template.path(task)
        return None if below is None else self._asked(lambda: self._read(below))

    def walk(self) -> Iterator[Found]:
        """Every log of a try below the address, folder by folder."""
        self._store.invalidate_cache()
        yield from self._walk(self._root)

    def _walk(self, folder: str) -> Iterator[Found]:
        entries = self._asked(lambda: self._listed(folder)) or []
        for entry in sorted(entries, key=lambda entry: str(entry["name"])):
            path = str(entry["name"])
            if entry.get("type") == "directory":
                yield from self._walk(path) if path.rstrip("/") != folder.rstrip("/") else ()
                continue
            below = path.removeprefix(self._root).lstrip("/")
            for ending in PACKED:
                below = below.removesuffix(ending)
            task = self._template.task(below)
            if task is not None:
                changed = (
                    entry.get("LastModified") or entry.get("mtime") or entry.get("last_modified")
                )
                yield Found(
                    task, f"{self.name}/{below}", int(entry.get("size") or 0), _time(changed)
                )

    def _read(self, below: str) -> LogText | None:
        path = f"{self._root}/{below}"
        folder = path.rpartition("/")[0]
        self._store.invalidate_cache(folder)
        entries = {str(entry["name"]): entry for entry in self._listed(folder)}
        found = next((path + ending for ending in ("", *PACKED) if path + ending in entries), None)
        if found is None or entries[found].get("type") == "directory":
            return None
        triggers = sorted(name for name in entries if is_trigger_log(name, path))
        sources = [found, *([] if found != path else triggers)]
        if not any(entries[name].get("size") for name in sources):
            return None
        with ExitStack() as files:
            opened = [
                files.enter_context(
                    self._store.open(name, "rb", block_size=_BLOCK, cache_type="readahead")
                )
                for name in sources
            ]
            return read_stream(
                cast("BinaryIO", Chain(opened)), f"{self.name}/{below}", self._limits
            )

    def _listed(self, folder: str) -> list[dict[str, Any]]:
        try:
            return list(self._store.ls(folder, detail=True))
        except FileNotFoundError:
            return []

    def _opened(self, options: dict[str, Any]) -> tuple[Any, str]:
        scheme = self._url.partition("://")[0]
        extra = EXTRAS.get(scheme)
        advice = f"run: pip install 'dagnosis[{extra}]'" if extra else "see docs/howto/sources.md"
        try:
            import fsspec

            store, root = fsspec.core.url_to_fs(self._url, **options)
        except ImportError:
            raise WrongUse(
                f"logs at {scheme}:// need a library that is not installed; {advice}"
            ) from None
        except ValueError as error:
            raise WrongUse(f"airflow_logs: {redact(str(error))}; {advice}") from None
        return store, str(root).rstrip("/")

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except DagnosisError:
            raise
        except PermissionError:
            raise WrongUse(
                f"{self.name}: the store refuses us; check the credentials and their rights to list and read"
            ) from None
        except Exception as error:  # each store's library has errors of its own
            said = redact(str(error).partition("\n")[0])[:200]
            text = f"{self.name}: {type(error).__name__}: {said}"
            if "redential" in text:
                raise WrongUse(
                    f"{text}; set the store's credentials as its own tools take them"
                ) from None
            raise ServiceUnreachable(f"{text}; is the store up, and the endpoint right?") from None


def _time(changed: Any) -> datetime | None:
    if isinstance(changed, datetime):
        return changed if changed.tzinfo else changed.replace(tzinfo=timezone.utc)
    if isinstance(changed, (int, float)):
        return datetime.fromtimestamp(changed, timezone.utc)
    return None


def open_logs(settings: Settings, limits: Limits) -> ObjectLogs:
    """The store that the settings name."""
    if "://" not in settings.airflow_logs:
        raise UnreadableInput(f"{settings.airflow_logs}: is no address of an object store")
    return ObjectLogs(settings.airflow_logs, settings.airflow_log_template, limits)
