"""Where a value ends: quoted, escaped, URL-encoded or bare."""

from __future__ import annotations

import msgspec

from dagnosis.logs.secrets.plausible import WINDOW
from dagnosis.logs.secrets.rule import Finder

OPENER = r"""(?:[\[(]{0,2}(?:[bBuUrR]{1,2}|Secret\w{0,6}\()?(?P<open>\\*["'`]|%22|&quot;))?"""
"""What may open a value; the group `open` is the quote with its backslashes."""

_INSIDE = {
    b'"': Finder(r'(?:[^"\\\n]|\\[^\n])*'),
    b"'": Finder(r"(?:[^'\\\n]|\\[^\n])*"),
    b"`": Finder(r"[^`\n]*"),
}
# One level of escaping deeper: `\"` ends the value, `\\\"` is a quote in it.
_ESCAPED = {
    b'"': Finder(r'(?:[^"\\\n]|\\[^"\\\n]|\\\\(?:\\[^\n]|[^\\"\n]))*'),
    b"'": Finder(r"(?:[^'\\\n]|\\[^'\\\n]|\\\\(?:\\[^\n]|[^\\'\n]))*"),
    b"`": Finder(r"[^`\\\n]*"),
}
_DEEP = {
    b'"': Finder(r'[^"\n]*?(?:\\+"|$)'),
    b"'": Finder(r"[^'\n]*?(?:\\+'|$)"),
    b"`": Finder(r"[^`\n]*"),
}
_ENCODED = Finder(r"(?:[^\s%&]|%(?:[013-9A-Fa-f][0-9A-Fa-f]|2[013-9A-Fa-f]))*")
_ENTITY = Finder(r"[^&\n]*")
_CHUNK = Finder(r"[^\s]*")
_BRACED = Finder(r"\{[^{}\n]*\}")
# The first of these ends a bare value: a quote that closes something around it, the next pair,
# a bracket that closes, a literal line break of a JSON string, markup.
_TERMINATOR = Finder(
    r"""["'`]+(?:[\s,;:)}\]>&|\\+]|$)|\\+["'nrt]|,(?:["'{\[]|$|[\w.\-]+[=:])|;(?:$|[\w.\- ]+=|["'])"""
    r"""|&(?:[\w.%\-]+=|(?:amp|quot|gt|lt);|$)|[)}\]>"']+[,;:]*$|</|%22|%26|[;,]+$"""
)


class Value(msgspec.Struct, frozen=True, gc=False):
    """A value in the text: where it starts and ends, and how it was quoted (b"" for not at all)."""

    start: int
    end: int
    quote: bytes

    def text(self, data: bytes) -> str:
        """The first `WINDOW` characters, as Latin-1."""
        return data[self.start : min(self.end, self.start + WINDOW)].decode("latin-1")


def value_at(data: bytes, start: int, quote: bytes, *, braces: bool = False) -> Value:
    """The value that starts at `start`, behind the opening `quote` (b"" where there is none).

    A quoted value that never closes was cut: it goes to the end of the line. `braces` allows the
    quoting of ODBC, `{any;thing}`.
    """
    end = _end(data, start, quote, len(data), braces)
    return Value(start, end, quote)


def first_of(data: bytes, start: int, quote: bytes, *, braces: bool = False) -> Value:
    """As `value_at`, but it looks at no more than `WINDOW` bytes."""
    limit = min(len(data), start + WINDOW)
    return Value(start, _end(data, start, quote, limit, braces), quote)


def _end(data: bytes, start: int, quote: bytes, limit: int, braces: bool) -> int:
    if quote == b"%22":
        return _ENCODED.end(data, start, limit)
    if quote == b"&quot;":
        return _ENTITY.end(data, start, limit)
    if quote:
        depth = len(quote) - 1
        kind = _INSIDE if depth == 0 else _ESCAPED if depth == 1 else _DEEP
        end = kind[quote[-1:]].end(data, start, limit)
        if depth > 1:
            return start + len(data[start:end].rstrip(quote[-1:]).rstrip(b"\\"))
        return end
    if braces and (braced := _BRACED.match(data, start, limit)):
        return braced.end()
    chunk = _CHUNK.end(data, start, limit)
    stop = _TERMINATOR.search(data, start, chunk)
    while stop and _in_placeholder(data, start, stop.start()):
        stop = _TERMINATOR.search(data, stop.start() + 1, chunk)
    return stop.start() if stop else chunk


def _in_placeholder(data: bytes, start: int, at: int) -> bool:
    """Is `at` inside (or the closing bracket of) a `[redacted:kind]` that began after `start`?"""
    opened = data.rfind(b"[redacted:", start, at)
    return opened >= 0 and data.find(b"]", opened, at) < 0
