r"""The variable parts of a log message -> typed placeholders; what tells the cause stays.

One pass of one google-re2 alternation, linear in the length of the text. At one place of the text
the first rule of `RULES` that matches wins:

| rule        | example                              | becomes                 |
|-------------|--------------------------------------|-------------------------|
| placeholder | `<num>`, of an earlier pass          | itself                  |
| url         | `https://api.example.com/v1?id=5`    | `https://<url>`         |
| email       | `jane@example.com`                   | `<email>`               |
| uuid        | `01a20261-d113-7cd9-9126-9860476daa` | `<uuid>`                |
| run         | `manual__2026-11-22T08:45:51+00:00`  | `manual__<time>`        |
| ip          | `10.0.0.7:5432`, `fe80::1`           | `<ip>`                  |
| time        | `2026-11-22 08:45:58,459`            | `<time>`                |
| status      | `404 Not Found`, `refused (111)`     | itself                  |
| vendor      | `ORA-00942`, `000904 (42000)`        | itself                  |
| coded       | `exit code -9`, `status=503`         | itself                  |
| coded       | `status 2.5`                         | `status <num>`          |
| path        | `/opt/dags/etl.py`, `C:\a\b.sql`     | `<path>/etl.py`         |
| path        | `/data/part-00017.parquet`           | `<path>.parquet`        |
| host        | `db.example.com:5432`                | `<host>`                |
| duration    | `3.2s`, `1h5m`, `20 minutes`         | `<duration>`            |
| size        | `512 MiB`, `20 bytes`                | `<size>`                |
| word        | `application_1700000000000_0001`     | `application_<id>`      |
| word        | `utf-8`, `s3`, `AADSTS50034`         | itself                  |
| number      | `4711`, `3.11.7`, `12%`              | `<num>`                 |
| number      | `0x7f3a`, `9f86d081884c`             | `<hex>`                 |
| number      | `3rd`, `42P01` (an SQLSTATE)         | itself                  |

Exit and return codes, HTTP status, errno, SQLSTATE, vendor codes and signal numbers are kept, since
hiding `-9` hides the cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import msgspec
import re2

Replacement: TypeAlias = str | Callable[[str], str]


class Rule(msgspec.Struct, frozen=True):
    """One kind of text and what stands for it: a placeholder, or a function of what was found."""

    name: str
    pattern: str
    replacement: Replacement
    code: bool = False
    """What it keeps is a code that tells the cause."""


def mask(text: str) -> str:
    """`text` with its variable parts replaced by `<num>`, `<time>`, `<path>` and so on.

    Idempotent; an empty text stays empty; lone surrogates (undecodable bytes) pass unchanged.

    >>> mask("Task 4711 of /opt/airflow/dags/etl.py ended after 3.2s with exit code -9")
    'Task <num> of <path>/etl.py ended after <duration> with exit code -9'
    >>> mask("2026-11-22 08:45:58,459 GET https://api.example.com/v1?id=5 gave HTTP 503")
    '<time> GET https://<url> gave HTTP 503'
    """
    data = text.encode("utf-8", "surrogatepass")
    pieces: list[bytes] = []
    end = 0
    for part in parts(data):
        pieces += (data[end : part.start], part.stand_in)
        end = part.stop
    if not pieces:
        return text
    pieces.append(data[end:])
    return b"".join(pieces).decode("utf-8", "surrogatepass")


class Part(NamedTuple):
    """Bytes `start` to `stop` of a text and what stands for them; `code` when they are a code."""

    start: int
    stop: int
    stand_in: bytes
    code: bool


def parts(data: bytes) -> Iterator[Part]:
    """The parts of a UTF-8 text that a rule matches, in order and apart; kept ones as well."""
    for match in _ANY.finditer(data):
        start, stop = match.span()
        # long parts are rare and hostile: the cache must not hold them
        stand_in = _stand_in if stop - start < 200 else _stand_in.__wrapped__
        yield Part(start, stop, *stand_in(data[start:stop]))


# ---------------------------------------------------------------- what a match becomes


@lru_cache(maxsize=8192)
def _stand_in(found: bytes) -> tuple[bytes, bool]:
    # A set names the rule far faster than groups in the alternation would.
    # It names none when its memory does not suffice for a hostile text, which then stays.
    which = _WHICH.Match(found)
    if not which:
        return found, False
    rule = RULES[min(which)]
    if isinstance(rule.replacement, str):
        return rule.replacement.encode(), False
    text = found.decode("utf-8", "surrogatepass")
    stand_in = rule.replacement(text)
    return stand_in.encode("utf-8", "surrogatepass"), rule.code and stand_in == text


def _itself(found: str) -> str:
    return found


def _url(found: str) -> str:
    return found[: found.index("://") + 3] + "<url>"


def _run(found: str) -> str:
    return found[: found.index("__") + 2] + "<time>"


def _coded(found: str) -> str:
    """A word such as `exit code` and a number: keep a code, mask an amount or a time."""
    head, value = _CODED_PARTS.fullmatch(found).groups()
    return found if _CODE.fullmatch(value) else head + mask(value)


def _path(found: str) -> str:
    """The character before the path, if one was taken, and the base name, if it has no digit."""
    before = found[0] if found[0] in _BEFORE_PATH else ""
    base = found.replace("\\", "/").rstrip("/").rpartition("/")[2]
    if _BASE.fullmatch(base):
        return f"{before}<path>/{base}"
    stem, dot, suffix = base.rpartition(".")
    return f"{before}<path>.{suffix}" if dot and stem and _LETTERS(suffix) else f"{before}<path>"


def _host(found: str) -> str:
    """A name that goes on after `.com` (`java.net.ConnectException`) is a package, not a host."""
    name = found.partition(":")[0]
    return "<host>" if name.endswith(_TOP_DOMAINS) and not name.startswith("java") else found


def _word(found: str) -> str:
    """A word with digits in it is an id when it has many of them."""
    digits = _digits(found)
    alone = "_" not in found and "-" not in found
    if _VENDOR.fullmatch(found) or (digits < 4 and not (alone and digits > 1 and len(found) > 19)):
        return found
    if _HEX.fullmatch(found):
        return "<hex>"
    return f"{_HEAD.match(found).group()}<id>"


def _number(found: str) -> str:
    """A word that begins with a digit."""
    if _AMOUNT.fullmatch(found):
        return "<num>"
    if _HEX.fullmatch(found):
        return "<hex>"
    if _SQLSTATE.fullmatch(found) or (_digits(found) < 4 and len(found) < 12):
        return found
    return "<id>"


def _digits(word: str) -> int:
    return sum(char.isdigit() for char in word)


_LETTERS = str.isalpha
_TOP_DOMAINS = (".com", ".net", ".org", ".internal", ".local", ".corp", ".lan", ".cloud")
_BEFORE_PATH = " \t\n\r\f\v\"'`=([{,;:|"
_CODE = re2.compile(
    r"[0-9]{1,6}(?: \([0-9A-Z]{5}\))?|3221[0-9]{6}|1073[0-9]{6}|0[xX][0-9a-fA-F]{1,8}|[0-9][0-9A-Z]{4}"
)
_BASE_NAME = r"[A-Za-z_.@+-]*[A-Za-z_]"
_BASE = re2.compile(_BASE_NAME)
_VENDOR = re2.compile(r"[A-Z]{1,8}-?[0-9]{2,6}[A-Z]?|[A-Za-z]+[0-9]{1,3}[_-]\w{1,4}")
_SQLSTATE = re2.compile(r"[0-9]{1,2}[A-Z][0-9]{2,3}")
_HEX = re2.compile(r"0[xX][0-9a-fA-F]+|[0-9a-fA-F]{7,}")
_AMOUNT = re2.compile(r"[0-9][0-9_]*(?:[.,][0-9]+)*(?:[eE][0-9]+)?%?")
_HEAD = re2.compile(r"(?:[A-Za-z]+[_-]+)*")

# ---------------------------------------------------------------- the rules
# Repetitions that may run over several words are bounded, so that a hostile line of `a1.a1.a1…`
# costs no rescan of its rest at every word.

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]{0,6}"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,:][0-9]{1,9})?"
_ZONE = r"(?: ?(?:Z|UTC|GMT|[CE][ES]?T|P[SD]T|[+-][0-9]{2}:?[0-9]{2}))?"
_DATE = r"[0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}"
_ISO = (
    rf"{_DATE}(?:[T_ ]{{1,2}}[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,:][0-9]{{1,9}})?)?{_ZONE})?"
)
_TIME = "|".join(
    (
        _ISO,
        rf"[0-9]{{1,2}}[/-](?:[0-9]{{1,2}}|{_MONTH})[/-][0-9]{{2,4}}(?:[: T]{_CLOCK}{_ZONE})?",
        rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{{0,6}},? )?[0-9]{{1,2}} {_MONTH} [0-9]{{4}}(?: {_CLOCK}{_ZONE})?",
        rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{{0,6}},? )?{_MONTH} {{1,2}}[0-9]{{1,2}}(?:,? [0-9]{{4}})?(?:,? {_CLOCK}{_ZONE})?(?: [0-9]{{4}})?",
        r"[0-9]{8}T[0-9]{4,6}(?:[.,][0-9]{1,9})?Z?",
        rf"(?:[0-9]{{1,4}} days?, )?{_CLOCK}{_ZONE}",
    )
)
_PHRASES = (
    "Client Error|Server Error|OK|Created|Accepted|No Content|Moved Permanently|Found|Not Modified"
    "|Temporary Redirect|Permanent Redirect|Bad Request|Unauthorized|Payment Required|Forbidden"
    "|Not Found|Method Not Allowed|Not Acceptable|Proxy Authentication Required|Request Timeout"
    "|Conflict|Gone|Length Required|Precondition Failed|Payload Too Large|Content Too Large"
    "|Request Entity Too Large|URI Too Long|Unsupported Media Type|Range Not Satisfiable"
    "|Expectation Failed|Unprocessable|Locked|Failed Dependency|Too Early|Upgrade Required"
    "|Too Many Requests|Request Header Fields Too Large|Internal Server Error|Internal Error"
    "|Not Implemented|Bad Gateway|Service Unavailable|Gateway Time-?out|Insufficient Storage"
)
_ERRNO_TEXTS = (
    "refused|denied|unreachable|reset by peer|timed out|no such file or directory|to host|killed"
    "|terminated|aborted|in use|broken pipe|space left on device|not permitted|dumped"
)
_STATUS = "|".join(
    (
        rf"(?i:\b[1-5][0-9]{{2}} (?:{_PHRASES})\b)",
        rf"(?i:\b(?:{_ERRNO_TEXTS}) ?[\[(:] ?-?[0-9]{{1,3}}\b)",
        r"\bSIG[A-Z]{2,6}[ :(=]{1,3}-?[0-9]{1,2}\b",
        r"-[0-9]{1,2} \(SIG",
        r"\bResponse ?\[[0-9]{3}\]",
        r"\bMsg [0-9]{1,6}, Level [0-9]{1,2}, State [0-9]{1,3}\b",
    )
)
_VENDOR_CODES = "|".join(
    (
        r"\b(?:ORA|TNS|DPY|DPI|PLS|SP2|RMAN|KUP|CVE|RFC|ISO|HHH|SQL)-[0-9]{1,6}\b",
        r"\b[0-9]{6} \([0-9A-Z]{5}\)",  # Snowflake: 000904 (42000)
        r"\([0-9]{4}, ?[\"'(]",  # MySQL: (1045, "Access denied
        r"\('[0-9A-Z]{5}', ",  # ODBC: ('42S02', "[42S02] [Microsoft]
        r"\[[0-9A-Z]{5}\] ?[\[(]",
    )
)
_CODE_WORDS = (
    r"[a-z_]*(?:code|status|errno|sqlstate|signal|signum|exit|error|errorcode)"
    r"|[a-z_]*exit(?:ed|s)|rc|ret|err|sql ?state|os error|https?(?:/[0-9](?:\.[0-9])?)?"
)
_FILLERS = r"(?:[ _:=]{1,2}(?:code|status|with|value|number|is|was|of|by|an?|non-?zero|exit|signal|error|http)){0,4}"
_CODED_HEAD = rf"(?i:\b(?:{_CODE_WORDS}){_FILLERS}[ \t:=\"'\[(#{{]{{1,6}}-?)"
_CODED_VALUE = (
    rf"(?:{_TIME})\b|0[xX][0-9a-fA-F]+\b|[0-9]+(?:[.,:/-]?[0-9]+)*\w*(?: \([0-9A-Z]{{5}}\))?"
)
_CODED_PARTS = re2.compile(f"({_CODED_HEAD})({_CODED_VALUE})")
_SEGMENT = r"/+[\w.@+=%~:-]+"
_PATH = (
    rf"(?:^|[{_BEFORE_PATH}])(?:~|\.{{1,2}}|file:)?(?:{_SEGMENT})+/+(?:[\w.@+=%~-]*[\w@+=%~])?"
    r"|\b[A-Za-z]:\\(?:[\w.@+=%~ -]+\\)*[\w.@+=%~-]*\w"
)
_IP = (
    r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{1,5}|/[0-9]{1,2})?\b"
    r"|\b(?:[0-9a-fA-F]{1,4}:){3,7}(?::?[0-9a-fA-F]{1,4})\b|\b(?:[0-9a-fA-F]{1,4}:){1,6}(?::[0-9a-fA-F]{1,4}){1,6}\b"
)
_TOP = "|".join(domain[1:] for domain in _TOP_DOMAINS)
_HOST = rf"\b[A-Za-z0-9][\w-]{{0,62}}(?:\.[\w-]{{1,30}}){{0,4}}\.(?:{_TOP})\b(?:\.[\w-]+){{0,6}}(?::[0-9]{{1,5}})?\b"
_UNIT = r"(?:ns|us|µs|ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|weeks?)"
_BYTES = r"(?:[kKMGTP]i?B?|[Bb]ytes?|B|[KMGT]b|[kKMG]bytes?)"

RULES: tuple[Rule, ...] = (
    Rule("placeholder", rf"<path>[/.]{_BASE_NAME}|<[a-z]+>", _itself),
    Rule("url", r"\b[A-Za-z][A-Za-z0-9+.-]{0,30}://(?:<url>|[^\s\"'`<>\[\]{}|]*[\w/=&~%-])", _url),
    Rule("email", r"\b\w[\w.+-]{0,40}@[\w-]+(?:\.[\w-]+){1,6}\b", "<email>"),
    Rule("uuid", r"(?i:\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b)", "<uuid>"),
    Rule("run", rf"\b[a-z][a-z_]*__(?:{_ISO})\b", _run),
    Rule("ip", _IP, "<ip>"),
    Rule("time", rf"\b(?:{_TIME})\b", "<time>"),
    Rule("status", _STATUS, _itself, code=True),
    Rule("vendor", _VENDOR_CODES, _itself, code=True),
    Rule("coded", f"{_CODED_HEAD}(?:{_CODED_VALUE})", _coded, code=True),
    Rule("path", _PATH, _path),
    Rule("host", _HOST, _host),
    Rule("duration", rf"\b[0-9]+(?:\.[0-9]+)? ?{_UNIT}(?:[0-9]+{_UNIT})*\b", "<duration>"),
    Rule("size", rf"\b[0-9]+(?:\.[0-9]+)? ?{_BYTES}\b", "<size>"),
    Rule("word", r"\b[A-Za-z_][A-Za-z_-]*[0-9][\w-]*", _word),
    Rule("number", r"\b[0-9]\w*(?:[.,][0-9]\w*)*%?", _number),
)
_ANY = re2.compile("|".join(f"(?:{rule.pattern})" for rule in RULES).encode())
_WHICH = re2.Set.FullMatchSet()
for _rule in RULES:
    _WHICH.Add(_rule.pattern)
_WHICH.Compile()
