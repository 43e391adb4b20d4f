"""HTTP as the REST sources need it: bounded in size, time and patience, and telling what is wrong.

- 429 and 5xx, refused and broken connections are tried again, later each time and with jitter, for as
  long as the patience lasts; `Retry-After` is kept to. Then `ServiceUnreachable`.
- Only redirects within the same origin are followed, so credentials go nowhere else.
- Messages name the address, never a header, a token or an answer's text.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast
from urllib.parse import quote, urlsplit

import msgspec

from dagnosis.errors import ServiceUnreachable, WrongUse
from dagnosis.sources.contract import is_id

if TYPE_CHECKING:
    import httpx

Params = Mapping[str, Any]
JSON = "application/json"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one source may cost."""

    timeout: float = 30.0
    """Seconds until a connection stands, and between two pieces of an answer."""
    patience: float = 30.0
    """Seconds that a request is tried again for, waiting included."""
    most_seconds: float = 300.0
    """Seconds that one answer may take in total: a server that drips would hold us for ever."""
    most_bytes: int = 64 << 20
    """Bytes of one JSON answer, unpacked. Logs have limits of their own."""


class Credentials(Protocol):
    """Says who we are."""

    def header(self, ask: Callable[[str, Any], tuple[int, bytes]]) -> str:
        """The value of `Authorization`, "" for none; `ask` posts JSON to a path of the server."""

    def renew(self) -> bool:
        """After a 401: whether another try with a new header may help."""

    @property
    def refused(self) -> str:
        """What to do when they are not accepted."""


class Rest:
    """One server's API. `root` is its address, without a path of the API."""

    def __init__(
        self,
        root: str,
        credentials: Credentials,
        limits: Limits | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Check the address; nothing is sent yet. Raises `WrongUse` for one that is none."""
        self.root = checked(root)
        self._credentials = credentials
        self._limits = limits or Limits()
        self._sleep = sleep
        self._client: httpx.Client | None = None
        self._clock: tuple[datetime, float] | None = None

    def now(self) -> datetime | None:
        """The server's time, not later than it is there; None as long as no answer stated any."""
        if self._clock is None:
            return None
        stated, heard = self._clock
        return stated + timedelta(seconds=time.monotonic() - heard)

    def close(self) -> None:
        """Give back connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def get(self, path: str, params: Params | None = None) -> Any:
        """The decoded JSON at `path`; raises as `find` does, and `WrongUse` where nothing is there."""
        found = self.find(path, params)
        if found is None:
            raise WrongUse(
                f"{self.root}{path}: there is no such page (404); check airflow_url: is it an Airflow,"
                " and is its path complete?"
            )
        return found

    def find(self, path: str, params: Params | None = None) -> Any:
        """The decoded JSON at `path`, None for a 404.

        Raises `ServiceUnreachable` where the server does not answer, or answers nonsense, and
        `WrongUse` where it refuses us.
        """
        return self._patiently(lambda: self._find(path, params))

    def _find(self, path: str, params: Params | None) -> Any:
        with self._answer(path, params, JSON) as answer:
            if answer.status_code == 404:
                return None
            self._check(answer, path)
            try:
                return msgspec.json.decode(self._whole(answer))
            except (msgspec.DecodeError, RecursionError, ValueError):
                raise ServiceUnreachable(
                    f"{self.root}{path}: answered no JSON; is a login page or a proxy in between?"
                ) from None

    def stream(self, path: str, params: Params, accept: str, use: Callable[[BinaryIO], Any]) -> Any:
        """What `use` makes of the bytes at `path`, None for a 404. Raises as `find` does.

        The bytes come one piece after the other and are not kept; one that breaks off is read anew.
        """

        def once() -> Any:
            with self._answer(path, params, accept) as answer:
                if answer.status_code == 404:
                    return None
                self._check(answer, path)
                pieces = self._pieces(answer)
                return use(cast("BinaryIO", Body(pieces)))

        return self._patiently(once)

    # ------------------------------------------------------------ one request

    @contextmanager
    def _answer(self, path: str, params: Params | None, accept: str) -> Iterator[httpx.Response]:
        """The answer to a GET that we are known for, with its body unread."""
        renewed = False
        while True:
            with self._sent("GET", path, params, {"Accept": accept, **self._known()}) as answer:
                if answer.status_code != 401 or renewed or not self._credentials.renew():
                    yield answer
                    return
            renewed = True

    def _known(self) -> dict[str, str]:
        header = self._credentials.header(self._post)
        return {"Authorization": header} if header else {}

    def _post(self, path: str, body: Any) -> tuple[int, bytes]:
        headers = {"Accept": JSON, "Content-Type": JSON}
        with self._sent("POST", path, None, headers, msgspec.json.encode(body)) as answer:
            if answer.status_code in _LATER:
                self._check(answer, path)
            return answer.status_code, self._whole(answer)

    @contextmanager
    def _sent(
        self,
        method: str,
        path: str,
        params: Params | None,
        headers: dict[str, str],
        content: bytes | None = None,
    ) -> Iterator[httpx.Response]:
        import httpx

        url: str | httpx.URL = self.root + path
        for _ in range(_REDIRECTS):
            request = self._opened().build_request(
                method, url, params=params, headers=headers, content=content
            )
            try:
                answer = self._opened().send(request, stream=True)
            except httpx.HTTPError as error:
                raise _Unanswered(self._unanswered(error)) from None
            except (httpx.InvalidURL, UnicodeError):
                raise WrongUse(f"{self.root}: is no address; check airflow_url") from None
            try:
                self._set_clock(answer)
                if not answer.is_redirect:
                    yield answer
                    return
                url, params = self._redirected(answer), None
            except httpx.HTTPError as error:
                raise _Unanswered(self._unanswered(error)) from None
            finally:
                answer.close()
        raise ServiceUnreachable(f"{self.root}{path}: redirects in circles")

    def _opened(self) -> httpx.Client:
        if self._client is None:
            import httpx

            self._client = httpx.Client(
                timeout=self._limits.timeout,
                follow_redirects=False,
                headers={"User-Agent": "dagnosis", "Cache-Control": "no-cache"},
            )
        return self._client

    def _redirected(self, answer: httpx.Response) -> httpx.URL:
        to, origin = answer.url.join(answer.headers.get("location", "")), answer.url
        if (to.scheme, to.host, to.port) != (origin.scheme, origin.host, origin.port):
            raise WrongUse(
                f"{self.root}: sends us on to {to.scheme}://{to.netloc.decode('ascii', 'replace')};"
                " we do not follow to another server: set airflow_url to the one that answers itself"
            )
        return to

    def _check(self, answer: httpx.Response, path: str) -> None:
        status = answer.status_code
        where = f"{self.root}{path}"
        if status < 400:
            return
        if status in _LATER:
            raise _Unanswered(f"{where}: answers {status}", _wait(answer, self.now()))
        if status == 401:
            raise WrongUse(f"{self.root}: {self._credentials.refused}")
        if status == 403:
            raise WrongUse(
                f"{where}: may not be read (403): the user, password or token of airflow_url is wrong,"
                " or the user lacks that right"
            )
        raise ServiceUnreachable(f"{where}: answers {status}; is it an Airflow that we know?")

    def _whole(self, answer: httpx.Response) -> bytes:
        parts, size = [], 0
        for part in self._pieces(answer):
            size += len(part)
            if size > self._limits.most_bytes:
                raise ServiceUnreachable(
                    f"{self.root}: answers with more than {self._limits.most_bytes >> 20} MiB; "
                    "that is no answer of Airflow's"
                )
            parts.append(part)
        return b"".join(parts)

    def _pieces(self, answer: httpx.Response) -> Iterator[bytes]:
        import httpx

        deadline = time.monotonic() + self._limits.most_seconds
        try:
            for piece in answer.iter_bytes():
                yield piece
                if time.monotonic() > deadline:
                    raise ServiceUnreachable(
                        f"{self.root}: did not end its answer in {self._limits.most_seconds:.0f} s"
                    )
        except httpx.HTTPError as error:
            raise _Unanswered(self._unanswered(error)) from None

    def _unanswered(self, error: httpx.HTTPError) -> str:
        import httpx

        if isinstance(error, httpx.TimeoutException):
            return f"{self.root}: did not answer within {self._limits.timeout:.0f} s"
        if isinstance(error, httpx.ConnectError):
            return f"{self.root}: no connection ({_plain(error)})"
        return f"{self.root}: the connection broke ({type(error).__name__})"

    def _set_clock(self, answer: httpx.Response) -> None:
        stated = _date(answer.headers.get("date", ""))
        if stated is not None:
            self._clock = (stated, time.monotonic())

    # ------------------------------------------------------------ patience

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + self._limits.patience
        for attempt in range(1_000):
            try:
                return ask()
            except _Unanswered as error:
                pause = max(error.wait, random.uniform(0.5, 1.0) * min(0.5 * 2**attempt, 15.0))  # noqa: S311
                if time.monotonic() + pause > deadline:
                    raise ServiceUnreachable(
                        f"{error}; is it up, and is airflow_url right?"
                    ) from None
            self._sleep(pause)
        raise ServiceUnreachable(f"{self.root}: gave no answer")


_REDIRECTS = 4
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


class _Unanswered(ServiceUnreachable):
    """This request failed and may succeed later, not before `wait` seconds."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class Body:
    """The pieces of an answer as a file that is read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, b"" at the end; all that is left for a negative size."""
        if size < 0:
            whole, self._held = self._held + b"".join(self._pieces), b""
            return whole
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._held = piece
        given, self._held = self._held[:size], self._held[size:]
        return given


def checked(root: str) -> str:
    """The address of a server without a trailing slash and without `/api/…`; `WrongUse` for others."""
    text = root.strip()
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        shown = text if parts.username is None else "airflow_url"
        raise WrongUse(f"{shown!r} is no address of an Airflow; one is http://airflow.example:8080")
    if parts.username is not None:
        raise WrongUse(
            "airflow_url holds a user or a password; set airflow_user and airflow_password_env instead"
        )
    path = parts.path.rstrip("/")
    for ending in ("/api/v1", "/api/v2", "/home"):
        path = path.removesuffix(ending)
    return f"{parts.scheme}://{parts.netloc}{path}"


def segment(text: str) -> str | None:
    """An id as one segment of a path; None for one that a path cannot hold, or that means all."""
    return quote(text, safe="") if is_id(text) and text not in (".", "..", "~") else None


def _wait(answer: httpx.Response, now: datetime | None) -> float:
    """Seconds that `Retry-After` asks for; 0 where it asks for none."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal() and len(text) < 8:
        return float(text)
    when = _date(text)
    return max((when - now).total_seconds(), 0.0) if when and now else 0.0


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(timezone.utc)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _plain(error: Exception) -> str:
    """What the operating system says, without what a server could have put there."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return "refused, or no such host"
