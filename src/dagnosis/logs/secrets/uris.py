"""Passwords in addresses: the userinfo of URIs, DSNs of several dialects, signed URLs, .pgpass."""

from __future__ import annotations

from dagnosis.logs.secrets import plausible
from dagnosis.logs.secrets.rule import Finder, Match, Rule, Span, placeholder, replaced

_CHUNK = Finder(r"(?:[^\s\"'<>`\\]|\\[^\"'nrt])*")
_AUTHORITY = Finder(r"[^/?#]*")
_USER = Finder(r"[^:/@?#]*")
_HOST = Finder(r"@(?:[\w.\-]+|\[[0-9A-Fa-f:.]+\])?(?::\d+)?(?:[/?,#]|$)")
_PORT_PATH = Finder(r"\d{1,5}(?:[/?#]|$)")
_HEAD_BYTE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-_")
_MARK = placeholder("password")
_USER_MARK = placeholder("token")
_WEB = (b"http", b"https", b"git+https", b"svn+https", b"ws", b"wss")


def _rewrite(data: bytes) -> bytes:
    """The userinfo of every `scheme://`; one pass, each address up to the next."""
    pieces: list[bytes] = []
    kept = 0
    at = data.find(b"://")
    while at >= 0:
        start = at + 3
        following = data.find(b"://", start)
        limit = len(data) if following < 0 else following
        for span, mark in _spans(data, at, start, _CHUNK.end(data, start, limit)):
            pieces += (data[kept : span[0]], mark)
            kept = span[1]
        at = following
    return b"".join((*pieces, data[kept:])) if pieces else data


def _spans(data: bytes, colon: int, start: int, stop: int) -> list[tuple[Span, bytes]]:
    """The secrets of one address, which lies in `start` to `stop`."""
    if data.find(b"@", start, stop) < 0:
        return []
    authority = _AUTHORITY.end(data, start, stop)
    sign = data.rfind(b"@", start, authority)
    user = _USER.end(data, start, stop)
    if data[user : user + 1] == b":":
        if sign < 0:
            sign = _late_sign(data, user + 1, stop)
        if sign <= user:
            return []
        return [((user + 1, sign), _MARK)] if _password(data[user + 1 : sign]) else []
    if sign == user and _scheme(data, colon) in _WEB and _token(data[start:sign]):
        return [((start, sign), _USER_MARK)]
    return []


def _late_sign(data: bytes, start: int, stop: int) -> int:
    """The `@` behind a password that holds a raw slash; -1 for `host:8080/path@version`."""
    if _PORT_PATH.match(data, start, stop):
        return -1
    found = _HOST.search(data, start, stop)
    return found.start() if found else -1


def _scheme(data: bytes, colon: int) -> bytes:
    at = colon
    while at > 0 and colon - at < 16 and data[at - 1] in _HEAD_BYTE:
        at -= 1
    return data[at:colon].lower()


def _password(raw: bytes) -> bool:
    text = raw[: plausible.WINDOW].decode("latin-1")
    return bool(text) and not plausible.placeholder(text)


def _token(raw: bytes) -> bool:
    text = raw[: plausible.WINDOW].decode("latin-1")
    return len(text) >= 16 and plausible.token(text)


# --- names in query strings that say secret only there

_QUERY = Finder(
    r"(?i)(?:[?&;]|&amp;|\\u0026|%26|%3[fF])(?P<name>sig|signature|x-amz-signature|x-amz-security-token|x-amz-credential"
    r"|x-goog-signature|x-goog-credential|awsaccesskeyid|policy|code|client_assertion|token|access_token|id_token"
    r"|refresh_token|auth|auth_token|authkey|api_?key|apikey|app_?key|app_?id|key|subscription-key|hmac|jwt|session"
    r"|sessionid|sid|ticket|secret|private_token|job_token|credential|s|hash_key|oauth_token|oauth_signature"
    r"|x-oss-signature|ossaccesskeyid|x-cos-security-token|q-signature|skoid|se_sig|tk|hdnts|hdnea|verify)(?:=|%3[dD])(?P<secret>[^&\s\"'<>#\\]+)"
)
_SURE = plausible.words_of(
    "sig signature x-amz-signature x-amz-security-token x-amz-credential x-goog-signature awsaccesskeyid access_token "
    "id_token refresh_token auth_token api_key apikey appkey app_key subscription-key private_token job_token "
    "secret client_assertion oauth_token oauth_signature x-oss-signature ossaccesskeyid x-cos-security-token "
    "q-signature"
)

_COMMON = plausible.words_of("key code s policy hash_key tk verify app_id appid session sid")


def _query(found: Match, data: bytes) -> Span | None:
    span = found.span("secret")
    stop = data.find(b"%26", *span)
    if stop > 0:
        span = (span[0], stop)
    text = data[span[0] : min(span[1], span[0] + plausible.WINDOW)].decode("latin-1")
    name = found["name"].decode("ascii").lower()
    if plausible.blank(text) or text.startswith("[redacted:"):
        return None
    if name in _SURE:
        return span
    if name == "x-goog-credential":
        return None
    if name in _COMMON:
        return span if plausible.token(text, uuids=False) and len(text) >= 16 else None
    return span if plausible.token(text) else None


# --- other dialects


def _loose(found: Match, data: bytes) -> Span | None:
    """`user:password@host:port` without a scheme, or with one that lost its slashes."""
    group = "secret" if found.has("secret") else "other"
    return found.span(group) if _password(found[group]) else None


_NO_SCHEME = Finder(
    r"""(?:^|[\s"'=(,])(?:(?P<user>[\w.+\-]{1,64}):(?P<secret>[^\s:@/"'<>]{2,200})@(?:(?:tcp|udp|unix)\()?[\w.\-]+:[0-9]{2,5}(?:[^0-9a-f]|$)"""
    r"""|(?:postgres(?:ql)?|mysql|mariadb|redshift|snowflake|mongodb|redis|oracle|mssql|amqp):[\w.\-]{1,64}:(?P<other>[^\s@/"'<>]{2,200})@[\w.\-]+)"""
)
_ORACLE = Finder(
    r"""(?i)(?:\b(?:sqlplus|sqlldr|expdp|impdp|rman|oracle|cx_oracle|oracledb|userid)\b[^\n]{0,200}?|thin:|oci8?:)[\s"'=(:]*[\w$#]{1,64}/(?P<secret>"[^"\n]+"|[^\s@/"']{2,}[^\s/"']*?)@"""
    r"""|\b[\w$#]{1,64}/(?P<other>[^\s@/"'()]{2,100})@(?://|\(DESCRIPTION|[\w.\-]+:15[0-9]{2}\b)"""
)


def _oracle(found: Match, data: bytes) -> Span | None:
    group = "secret" if found.has("secret") else "other"
    return found.span(group) if _password(found[group].strip(b'"')) else None


_PGPASS = Finder(
    r"""(?m)(?:^|[\s"'])(?P<host>[\w.*\-]{1,200}):(?:[0-9]{4,5}|\*):(?P<db>[A-Za-z_*][\w.*\-]{0,100}):(?P<user>[A-Za-z_*][\w.*@\-]{0,100}):(?P<secret>(?:[^\s:"'\\]|\\.)+)(?:["'\s\\]|$)"""
)


def _pgpass(found: Match, data: bytes) -> Span | None:
    return (
        found.span("secret")
        if _password(found["secret"]) and not found["secret"].isdigit()
        else None
    )


_NETRC = Finder(
    r"(?P<machine>\b(?:machine\s+\S+|default)\s+)?\blogin\s+\S+\s+password\s+(?P<secret>\S+)"
)


def _netrc(found: Match, data: bytes) -> Span | None:
    text = found["secret"][: plausible.WINDOW].decode("latin-1")
    sure = found.has("machine") or plausible.marked(text)
    return found.span("secret") if sure and not plausible.placeholder(text) else None


RULES: tuple[Rule, ...] = (
    Rule(
        "password",
        "Passwords in the userinfo of URIs and tokens that stand there alone.",
        r"://[^\s/?#]*@|://[^\s/?#@]*:[^\s]*@",
        _rewrite,
    ),
    Rule(
        "password",
        "user:password@host:port without a scheme.",
        r":[^\s:@/]+@(?:(?:tcp|udp|unix)\()?[\w.\-]+[:/][0-9a-zA-Z]",
        lambda data: replaced(_NO_SCHEME, data, "password", _loose),
    ),
    Rule(
        "password",
        "user/password@host, as Oracle's tools write it.",
        r"/[^\s@/]+[^\s/]*@",
        lambda data: replaced(_ORACLE, data, "password", _oracle),
    ),
    Rule(
        "password",
        "Lines of .pgpass: host:port:database:user:password.",
        r":(?:[0-9]{4,5}|\*):[A-Za-z_*][\w.*\-]*:[A-Za-z_*][\w.*@\-]*:",
        lambda data: replaced(_PGPASS, data, "password", _pgpass),
    ),
    Rule(
        "password",
        "Entries of .netrc.",
        r"\blogin\s+\S+\s+password\b",
        lambda data: replaced(_NETRC, data, "password", _netrc),
    ),
)

QUERY: tuple[Rule, ...] = (
    Rule(
        "signature",
        "Signatures, keys and tokens in query strings: presigned URLs of S3, GCS, CloudFront, SAS of Azure.",
        r"(?i)(?:[?&;]|&amp;|u0026|%26|%3f)[\w\-]{1,24}(?:=|%3d)",
        lambda data: replaced(_QUERY, data, "signature", _query),
    ),
)
"""Applied behind the rules of names, which know the better kind for `?password=`."""
