"""Headers of HTTP that carry credentials, and credentials by their scheme alone."""

from __future__ import annotations

from dagnosis.logs.secrets import plausible
from dagnosis.logs.secrets.rule import Finder, Match, Rule, Span, replaced
from dagnosis.logs.secrets.values import OPENER, Value, first_of, value_at

_SCHEMES = (
    r"bearer|basic|token|digest|negotiate|ntlm|apikey|api[_-]key|key|hawk|oauth|signature|sharedkey(?:lite)?"
    r"|sharedaccesssignature|aws4-hmac-sha256|aws|goog4-\S{3,20}|googlelogin|splunk|geniekey|snowflake|ssws|bot|api-token|dpop|gnap"
    r"|private-token|kerberos|wsse|mac|vapid|scram-sha-(?:1|256)|oss4?(?:-hmac-sha256)?|tc3-hmac-sha256|elastic|jwt"
)
_FIELD = r"""\\*["'`]?\]?[ \t]*(?:=>|==?|:|,)[ \t]*"""
_AUTHORIZATION = Finder(
    rf"(?i)\b(?:proxy-|x-)?(?:authorization|www-authorization|authentication-info){_FIELD}{OPENER}"
    rf"(?P<scheme>(?:{_SCHEMES})[ \t]+)?"
)
_COOKIE = Finder(rf"(?i)\b(?:set-)?cookie2?{_FIELD}{OPENER}")
_PARAMETERS = (
    b"digest",
    b"aws4",
    b"goog4",
    b"oauth",
    b"signature",
    b"hawk",
    b"mac",
    b"wsse",
    b"vapid",
    b"snowflake",
    b"tc3",
    b"oss4",
    b"token",
    b"googlelogin",
    b"sharedaccesssignature",
    b"scram",
)
_TO_QUOTE = Finder(r"""[^\n]*?(?:["'`](?:[\s,;)}\]]|$)|\\+["'nr]|$)""")
_UP_TO_LINE = Finder(r"[^\n]*")


def _authorization(found: Match, data: bytes) -> Span | None:
    start, quote = found.end(), found["open"]
    scheme = found["scheme"].lower()
    value = first_of(data, start, quote)
    text = value.text(data)
    if plausible.blank(text) or text.startswith("[redacted:"):
        return None
    if not scheme and not (quote and len(text) > 7) and not plausible.token(text.partition(" ")[0]):
        second = text if not quote else text.rpartition(" ")[2]
        if not plausible.token(second):
            return _unknown_scheme(data, value)
    if not quote and scheme.startswith(_PARAMETERS) and "=" in text:
        return (start, _line_value(data, start))
    return (start, value_at(data, start, quote).end)


_TWO = Finder(r"([A-Za-z][\w\-]*)[ \t]+")


def _unknown_scheme(data: bytes, value: Value) -> Span | None:
    """A scheme that is not in the list, and behind it something that looks like a token."""
    word = _TWO.match(data, value.start)
    if not word:
        return None
    after = first_of(data, word.end(), value.quote)
    if not plausible.token(after.text(data)):
        return None
    return (after.start, value_at(data, after.start, value.quote).end)


def _line_value(data: bytes, start: int) -> int:
    """The end of a header with parameters: a quote that closes the header, or the line."""
    end = _UP_TO_LINE.end(data, start)
    for mark in (b"' ", b"'}", b"\\n", b"\\r", b"' -", b"',"):
        cut = data.find(mark, start, end)
        if cut >= 0:
            end = min(end, cut)
    return end - 1 if data[end - 1 : end] == b"'" else end


def _cookie(found: Match, data: bytes) -> Span | None:
    start, quote = found.end(), found["open"]
    value = first_of(data, start, quote)
    text = value.text(data)
    first = text.partition(";")[0].partition("=")[2]
    if plausible.blank(first.rstrip("\"',")) or text.startswith("[redacted:"):
        return None
    if quote:
        return (start, value_at(data, start, quote).end)
    end = start
    while pair := _PAIR.match(data, end):
        end = pair.end()
    return (start, end) if end > start else None


_PAIR = Finder(
    r"""[ \t]*(?:[\w.\-%]+=(?:[^\s;,"'\\]|"[^"\n\\]*")*|Expires=\w{3}, [\w: \-]+|(?i:HttpOnly|Secure|Partitioned))(?:;|,[ \t]\d\d[ \-]\w{3}[ \-]\d{2,4}[\d: ]*(?:GMT)?;?)?"""
)

_BARE = Finder(
    r"(?i)\b(?:bearer|basic|ssws|geniekey|apikey|splunk|bot|negotiate|sharedkey)(?: |%20|\+)(?P<secret>[\w.~+/=:|%\-]{8,})"
)


def _bare(found: Match, data: bytes) -> Span | None:
    text = found["secret"][: plausible.WINDOW].decode("ascii")
    span = found.span("secret")
    if found[0].lower().startswith(b"basic"):
        coded = len(text) % 4 == 0 and (text.endswith("=") or plausible.opaque(text.ljust(20, "x")))
        return span if coded and any(c.isupper() for c in text[1:]) else None
    return span if plausible.token(text) else None


RULES: tuple[Rule, ...] = (
    Rule(
        "authorization",
        "Authorization and Proxy-Authorization of every scheme; the scheme stays.",
        r"(?i)authorization[\\\"'`\]]*[ \t]*[=:,]",
        lambda data: replaced(_AUTHORIZATION, data, "authorization", _authorization),
    ),
    Rule(
        "cookie",
        "Cookie and Set-Cookie.",
        r"(?i)cookie2?[\\\"'`\]]*[ \t]*[=:,]",
        lambda data: replaced(_COOKIE, data, "cookie", _cookie),
    ),
    Rule(
        "authorization",
        "Bearer and Basic credentials wherever they stand.",
        r"(?i)\b(?:bearer|basic|ssws|geniekey|apikey|splunk|bot|negotiate|sharedkey)(?: |%20|\+)[\w.~+/=:|%\-]{8}",
        lambda data: replaced(_BARE, data, "authorization", _bare),
    ),
)
