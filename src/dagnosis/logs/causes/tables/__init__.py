"""Systematic tables: what codes, numbers and exception types mean wherever they appear."""

from __future__ import annotations

import msgspec
import re2


class TableHit(msgspec.Struct, frozen=True):
    """One row that a message names; `weight` on the scale of the causes."""

    table: str
    code: str
    name: str
    family: str
    transience: str
    weight: float


# family, transience, exception types (last part of the dotted name)
_TYPES: tuple[tuple[str, str, str], ...] = (
    (
        "code_error",
        "permanent",
        "NameError UnboundLocalError AttributeError TypeError KeyError IndexError ZeroDivisionError RecursionError AssertionError NotImplementedError SyntaxError IndentationError LookupError ValueError ArithmeticError",
    ),
    (
        "data_error",
        "permanent",
        "UnicodeDecodeError JSONDecodeError DataError IntegrityError ValidationError ParserError EmptyDataError MergeError BadGzipFile BadZipFile ArrowInvalid DecodeError SchemaError",
    ),
    (
        "missing_dependency",
        "permanent",
        "ModuleNotFoundError ImportError ClassNotFoundException NoClassDefFoundError",
    ),
    (
        "network",
        "transient",
        "ConnectionError ConnectionResetError ConnectionAbortedError BrokenPipeError ConnectionRefusedError gaierror ConnectError NewConnectionError NameResolutionError SSLError RemoteDisconnected ConnectException UnknownHostException EndpointConnectionError IncompleteRead ProtocolError NoBrokersAvailable InterfaceError",
    ),
    (
        "timeout",
        "unknown",
        "TimeoutError ReadTimeout ConnectTimeout Timeout timeout AirflowTaskTimeout AirflowSensorTimeout TimeoutExpired SocketTimeoutException ReadTimeoutError ConnectTimeoutError DeadlineExceeded TaskDeferralTimeout",
    ),
    (
        "permission",
        "permanent",
        "PermissionError Forbidden AccessDenied AccessDeniedException PermissionDenied AccessControlException",
    ),
    (
        "authentication",
        "permanent",
        "NoCredentialsError DefaultCredentialsError RefreshError Unauthorized Unauthenticated AuthenticationException ClientAuthenticationError",
    ),
    (
        "resource_not_found",
        "permanent",
        "FileNotFoundError FileNotFoundException NotFound ResourceNotFoundError NoSuchKey NoSuchBucket",
    ),
    ("out_of_memory", "unknown", "MemoryError OutOfMemoryError ArrayMemoryError"),
    (
        "rate_limit_quota",
        "transient",
        "TooManyRequests ResourceExhausted RateLimitError ThrottlingException",
    ),
    ("external_service_error", "transient", "InternalServerError ServiceUnavailable BadGateway"),
    (
        "dag_definition_error",
        "permanent",
        "TemplateNotFound UndefinedError TemplateSyntaxError TemplateAssertionError AirflowDagCycleException DuplicateTaskIdFound AirflowDagDuplicatedIdException ParamValidationError",
    ),
    (
        "configuration_error",
        "permanent",
        "AirflowNotFoundException AirflowConfigException NoSuchModuleError",
    ),
    ("serialization_xcom", "permanent", "PicklingError UnpicklingError SerializationError"),
)
_BY_TYPE = {
    name: (family, transience) for family, transience, names in _TYPES for name in names.split()
}

# Last resort: what the name of an unknown exception type says of itself.
_BY_WORD: tuple[tuple[str, str, str], ...] = (
    ("timeout", "unknown", r"(?i)time(?:d)?_?out|deadline"),
    (
        "rate_limit_quota",
        "transient",
        r"(?i)throttl|ratelimit|toomany|quota|slowdown|limitexceeded",
    ),
    (
        "authentication",
        "permanent",
        r"(?i)unauth(?:enticated|orized)|credential|login|authentication|invalidtoken|expiredtoken",
    ),
    (
        "permission",
        "permanent",
        r"(?i)forbidden|accessdenied|permission|notallowed|privilege|authoriz",
    ),
    ("resource_not_found", "permanent", r"(?i)notfound|nosuch|doesnotexist|missingfile"),
    ("network", "transient", r"(?i)connect|network|socket|dns|host|ssl|tls|broker"),
    ("out_of_memory", "unknown", r"(?i)memory"),
    ("serialization_xcom", "permanent", r"(?i)serializ|pickl|xcom"),
    (
        "data_error",
        "permanent",
        r"(?i)validation|decode|parse|schema|integrity|dataerror|quality|constraint|corrupt",
    ),
    ("configuration_error", "permanent", r"(?i)config|setting|environment|variable"),
    (
        "external_service_error",
        "transient",
        r"(?i)unavailable|internalserver|serviceerror|jobrun|gateway",
    ),
)
_WORDS = tuple(
    (family, transience, re2.compile(pattern)) for family, transience, pattern in _BY_WORD
)

_HTTP = re2.compile(
    r"(?i)\b([45]\d\d) (?:Client|Server) Error|HTTP(?:/\d(?:\.\d)?)?[ :]+([45]\d\d)\b|status[_ ]?code[\"']?(?: is)?[:= ]+\(?([45]\d\d)\b"
    r"|response code:? ([45]\d\d)\b|HttpError ([45]\d\d)|(?:^|: )([45]\d\d)[: ](?:(?:GET|POST|PUT|DELETE|PATCH|HEAD)\b|Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time|Forbidden|Unauthorized|Not Found|Too Many|Bad Request)"
    r"|\(([45]\d\d)\)(?:$| (?:Reason|when calling))"
)
_STATUS = {
    "400": ("code_error", "permanent"),
    "401": ("authentication", "permanent"),
    "403": ("permission", "permanent"),
    "404": ("resource_not_found", "permanent"),
    "407": ("authentication", "permanent"),
    "408": ("timeout", "transient"),
    "409": ("external_service_error", "unknown"),
    "410": ("resource_not_found", "permanent"),
    "413": ("data_error", "permanent"),
    "422": ("data_error", "permanent"),
    "429": ("rate_limit_quota", "transient"),
    "500": ("external_service_error", "transient"),
    "502": ("external_service_error", "transient"),
    "503": ("external_service_error", "transient"),
    "504": ("timeout", "transient"),
}
_ERRNO = re2.compile(r"\[Errno (-?\d+)\]|\(os error (\d+)\)|\berrno[:= ]+(\d+)")
_ERRNOS = {
    "1": ("permission", "permanent"),
    "2": ("resource_not_found", "permanent"),
    "5": ("external_service_error", "transient"),
    "11": ("rate_limit_quota", "transient"),
    "12": ("out_of_memory", "unknown"),
    "13": ("permission", "permanent"),
    "17": ("code_error", "permanent"),
    "20": ("configuration_error", "permanent"),
    "21": ("configuration_error", "permanent"),
    "24": ("rate_limit_quota", "transient"),
    "26": ("external_service_error", "transient"),
    "28": ("disk_full", "permanent"),
    "30": ("permission", "permanent"),
    "32": ("network", "transient"),
    "98": ("configuration_error", "permanent"),
    "101": ("network", "transient"),
    "103": ("network", "transient"),
    "104": ("network", "transient"),
    "110": ("timeout", "transient"),
    "111": ("network", "transient"),
    "113": ("network", "transient"),
    "122": ("disk_full", "permanent"),
    "-2": ("network", "transient"),
    "-3": ("network", "transient"),
    "-5": ("network", "transient"),
    "61": ("network", "transient"),
}


def look_up(message: str, exception: str = "") -> list[TableHit]:
    """The rows that a message names, heaviest first; empty when it names none."""
    if not exception:
        from dagnosis.logs.causes.catalogue import split_exception

        exception, _ = split_exception(message)
    hits = []
    found = _ERRNO.search(message)
    if found:
        code = next(group for group in found.groups() if group)
        if code in _ERRNOS:
            hits.append(
                TableHit(
                    "errno",
                    code,
                    f"The operating system answered errno {code}",
                    *_ERRNOS[code],
                    4.5,
                )
            )
    found = _HTTP.search(message)
    if found:
        code = next(group for group in found.groups() if group)
        row = _STATUS.get(code) or (
            ("external_service_error", "transient") if code > "499" else None
        )
        if row:
            hits.append(TableHit("http", code, f"The server answered HTTP {code}", *row, 4.5))
    name = exception.rpartition(".")[2]
    if name in _BY_TYPE:
        weight = (
            1.5
            if name in ("ValueError", "TypeError", "KeyError", "AssertionError", "AttributeError")
            else 2.5
        )
        hits.append(
            TableHit("exception", name.lower(), f"{name} was raised", *_BY_TYPE[name], weight)
        )
    elif name:
        for family, transience, pattern in _WORDS:
            if pattern.search(name):
                hits.append(
                    TableHit(
                        "exception_name",
                        name.lower(),
                        f"{name} was raised",
                        family,
                        transience,
                        2.0,
                    )
                )
                break
    hits.sort(key=lambda hit: -hit.weight)
    return hits
