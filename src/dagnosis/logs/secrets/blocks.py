"""Private keys: PEM of every kind, OpenSSH, PGP; whole, cut, or as lines on their own.

The lines stay; what stands on them goes. A key inside a JSON string has literal line breaks and
stands on one line.
"""

from __future__ import annotations

from dagnosis.logs.secrets.rule import Finder, Match, Rule, Span, placeholder, replaced, shape

_BEGIN = Finder(r"-----BEGIN (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_END = Finder(r"-----END (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_HEADER = r"(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset): ?[\w,.:() \-]{1,60}"
# What may follow on the line of BEGIN when there is no END: groups of base64, literal breaks.
_CUT = Finder(
    rf"(?:[ \t]?[A-Za-z0-9+/=]{{16,}}|[A-Za-z0-9+/=]*\\+[nrt]|{_HEADER}|\.{{3}})*[A-Za-z0-9+/=]*"
)
_BODY = Finder(rf"(?:[A-Za-z0-9+/=]+|{_HEADER})[\"',\s]*$")
_MARK = placeholder("private_key")
MAX_LINES = 400
"""Lines of one key: 16,384 bits of RSA take 200."""


def _rewrite(data: bytes) -> bytes:
    pieces: list[bytes] = []
    kept = 0
    while begin := _BEGIN.search(data, kept):
        pieces += (data[kept : begin.start()], _MARK)
        kept = _rest_of_line(data, begin.end())
        if data[kept - 5 : kept] != b"-----" or kept == begin.end():
            kept = _lines(data, kept, pieces)
    return b"".join((*pieces, data[kept:])) if pieces else data


def _rest_of_line(data: bytes, start: int) -> int:
    """Up to the END on the same line; without one, as far as it looks like a key."""
    stop = _line_end(data, start)
    another = data.find(b"-----BEGIN", start, stop)
    closed = _END.search(data, start, stop if another < 0 else another)
    return closed.end() if closed else _CUT.end(data, start, stop)


def _lines(data: bytes, at: int, pieces: list[bytes]) -> int:
    """Rewrite the lines behind a BEGIN up to its END, or as long as they look like a key."""
    for _ in range(MAX_LINES):
        start = data.find(b"\n", at) + 1
        if not start or data[at:start].strip():
            return at
        stop = _line_end(data, start)
        ended = _END.search(data, start, stop)
        head = ended.start() if ended else stop
        body = _BODY.search(data, start, head)
        if body is None and not ended and data[start:stop].strip():
            return at
        if body and not ended and _last_word(data, start, body, stop):
            return at
        first = body.start() if body else head
        pieces += (data[at:first], _MARK if body or ended else b"")
        at = ended.end() if ended else stop
        if ended:
            return at
    return at


def _last_word(data: bytes, start: int, body: Match, stop: int) -> bool:
    """Only the last word of an ordinary line: short, something before it, no END on the next."""
    short = body.end() - body.start() < 16 and body.start() > start
    return short and _END.search(data, stop, _line_end(data, stop + 1)) is None


def _line_end(data: bytes, start: int) -> int:
    newline = data.find(b"\n", start)
    return len(data) if newline < 0 else newline


_LONE = Finder(
    r"(?m)(?:^|- |\] |\} |\| |(?:event|message)\\*\": ?\\*\")[ \t]*(?P<secret>[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{70}|[A-Za-z0-9+/]{76})(?:[\"',\s\\]|$)"
)


def _lone(found: Match, data: bytes) -> Span | None:
    """A line of armour: wrapped at 64, 70 or 76, of both cases and digits (a hash is of one)."""
    line = found["secret"].decode("ascii")
    upper = sum(c.isupper() for c in line)
    digits = sum(c.isdigit() for c in line)
    lower = sum(c.islower() for c in line)
    mixed = upper >= 8 and lower >= 8 and digits >= 3
    return found.span("secret") if mixed else None


RULES: tuple[Rule, ...] = (
    Rule(
        "private_key",
        "Private keys in PEM, OpenSSH and PGP armour, also inside a JSON string, also cut.",
        r"PRIVATE KEY",
        _rewrite,
    ),
    Rule(
        "private_key",
        "A line of such a key that comes alone, as logs are read line by line.",
        r"[A-Za-z0-9+/]{64}",
        lambda data: replaced(_LONE, data, "private_key", _lone),
    ),
    shape("private_key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{20,}", "Keys of age."),
)
