"""Logging calls of C, C++, Java, Go, Rust and Erlang, found by their shape.

No compiler is asked: a call is found where its name is one of the shapes of `LANGUAGES`, and its
arguments are read token by token up to the closing bracket. The level comes from the name
(`LOG.warn(…)`, `klog.Errorf(…)`) or from an argument that is a constant of a level
(`syslog(LOG_ERR, …)`, `ereport(WARNING, …)`), which goes first. The message is the first argument with
a text in it; what is not written there is `<*>`, as in `statements`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from dagnosis.logs.training.lines.statements import VARIABLE, Call, Place, says_something, tidied

_LEVELS: dict[str, tuple[str, ...]] = {
    "debug": (
        *("debug", "debug1", "debug2", "debug3", "debug4", "debug5", "dbg", "trace", "verbose"),
        *("fine", "finer", "finest", "vverbose", "insane"),
    ),
    "info": ("info", "information", "informational", "notice", "note", "config", "status"),
    "warning": ("warning", "warn"),
    "error": ("error", "err", "severe"),
    "critical": ("critical", "crit", "fatal", "panic", "alert", "emerg", "emergency"),
}
_LEVEL_OF = {word: level for level, words in _LEVELS.items() for word in words}
_WORD = "|".join(sorted(_LEVEL_OF, key=len, reverse=True))
_CONSTANT = re.compile(rf"(?i)(?:[a-z][a-z0-9]*_)*(?P<level>{_WORD})(?:_(?:level|bit|mask))?")
"""`LOG_ERR`, `NGX_LOG_WARN`, `Warning`, `DEBUG_INFO`: the last word is the level."""


class Shape(NamedTuple):
    """How a logging call looks: three expressions, over its name and over what stands beside it."""

    name: str
    """The whole name; a group `level` holds the level where the name has it."""
    before: str = ""
    """The end of what stands before the name: the receiver."""
    after: str = ""
    """The begin of what stands behind the opening bracket."""


class Language(NamedTuple):
    """How the logging calls of a language look."""

    suffixes: tuple[str, ...]
    shapes: tuple[Shape, ...]
    variables: str
    """What stands for a value in a text."""


_SMALL = f"(?P<level>{_WORD})"
_TITLE = f"(?P<level>{_WORD.title()})"
_ANY = f"(?P<level>{_WORD}|{_WORD.upper()}|{_WORD.title()})"
_JAVA_LOGGER = r"\w*(?:log|LOG|Log|logger|LOGGER|Logger)\w*(?:\(\))?\s*\.\s*"
_BRACES = r"\{[\w.]*(?::[^{}]*)?\}"
_PRINTF = (
    r"%(?:[-#0+'(,]|\d+\$)*(?:\*|\d+)?(?:\.(?:\*|\d*))?(?:hh?|ll?|[Lqjzt]|u(?=[izA]\b))?[A-Za-z]"
)

LANGUAGES: dict[str, Language] = {
    "c": Language(
        (".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh"),
        (
            # log_warn, VLOG_WARN_RL, pw_log_warn, WLog_ERR, msg_warn, ROCKS_LOG_WARN: it is in the name
            Shape(rf"\w*?(?:log|LOG|Log|msg|MSG)\w*?{_ANY}(?:f|x|ln|_rl|_RL|_once|_cfg|_task)?"),
            # families with a prefix of their own
            Shape(rf"(?:lwsl|ucs|ucp|uct|FI|i|e|ACPI|mesa|wp|spdk|pr)_{_ANY}"),
            # ERROR("…"), notice("…"): a bare level takes a text at once
            Shape(_ANY, r"(?<!throw )(?<!new )(?<![\w.>:])", r'\s*"'),
            # syslog(LOG_ERR, …), elog(ERROR, …), LOG(WARNING) << …: the level is an argument
            Shape(
                r"\w*?(?:log|printf|print|report|msg|debug|trace)\w*|(?i:\w*?log\w*|debug|\w*msg)"
            ),
        ),
        f"{_PRINTF}|{_BRACES}",
    ),
    "java": Language(
        (".java", ".scala", ".groovy", ".kt"),
        (
            Shape(_SMALL, _JAVA_LOGGER),
            Shape("log", rf"\.\s*at{_TITLE}\(\)(?:\s*\.\s*with\w+\([^()]*\))*\s*\.\s*"),
            Shape("log|logp|logrb", _JAVA_LOGGER),
        ),
        rf"{_BRACES}|{_PRINTF}|\$\{{[^{{}}]*\}}|\$[a-z]\w*",
    ),
    "go": Language(
        (".go",),
        (
            Shape(
                rf"{_TITLE}(?:f|ln|w|S|Context|Depth)?",
                r"(?:\w*[lL]og(?:ger|rus)?(?:\(\))?|\blg|\bl|\))\s*\.\s*",
            ),
            Shape(rf"{_TITLE}f", r"\b(?:s|c|srv)\."),
            Shape("Log", rf"\blevel\.{_TITLE}\([^()]*\)\."),
        ),
        _PRINTF,
    ),
    "rust": Language((".rs",), (Shape(rf"{_SMALL}!"),), _BRACES),
    "erlang": Language(
        (".erl", ".hrl"),
        (
            Shape(_SMALL, r"\b(?:\w*log|lager|logger)\s*:\s*"),
            Shape(rf"(?:LOG_)?(?P<level>{_WORD.upper()})(?:_MSG)?", r"\?"),
        ),
        r"~(?:-?\d+|\*)?(?:\.(?:\d+|\*))?(?:\..)?[tlKk]*[a-mo-zA-Z]",
    ),
}


def language_of(name: str) -> str:
    """The key in `LANGUAGES` of a file; "" for another file."""
    suffix = name[name.rfind(".") :]
    return next((key for key, one in LANGUAGES.items() if suffix in one.suffixes), "")


def calls(source: str, language: str) -> list[Call]:
    """The logging calls of a file whose message says something, in file order; never raises.

    >>> calls('LOG.warn("no {} in " + path, name);', "java")
    [Call(level='warning', text='no <*> in <*>', place='')]
    >>> calls('syslog(LOG_ERR, "cannot open %s", name);', "c")
    [Call(level='error', text='cannot open <*>', place='')]
    """
    found = []
    after = 0
    for start in _CALLED.finditer(source):
        shapes = _shapes(start[1], language) if start.start() >= after else ()
        named = _named(shapes, start[1], source, start.start(), start.end()) if shapes else None
        if named is None:
            continue
        read = _tokens(source, start.end() - 1)
        level, arguments = _level(_split(_bracketed(read), ","), named)
        streamed = _streamed(read) if level and not _holds_text(arguments) else []
        text = _message([streamed] if streamed else arguments, LANGUAGES[language])
        if level and says_something(text):
            after = start.end()
            found.append(Call(level, text, _place(arguments, language)))
    return found


_CALLED = re.compile(r"\b([A-Za-z_]\w*!?)\s*\(")
_BEFORE = 120
"""Characters in which a receiver is searched."""


@lru_cache(maxsize=1 << 16)
def _shapes(name: str, language: str) -> tuple[tuple[str, Shape], ...]:
    """The shapes that a name has, and the level that it names, "" for none."""
    found = []
    for shape in LANGUAGES[language].shapes:
        match = re.fullmatch(shape.name, name)
        if match:
            found.append((match.groupdict().get("level") or "", shape))
    return tuple(found)


def _named(
    shapes: tuple[tuple[str, Shape], ...], name: str, source: str, start: int, end: int
) -> str | None:
    """The level that a call names, "" where an argument may; None where it is no logging call."""
    for level, shape in shapes:
        before = re.search(f"(?:{shape.before})$", source[max(0, start - _BEFORE) : start])
        if before and re.compile(shape.after).match(source, end):
            return level or before.groupdict().get("level") or ""
    return None


# ---------------------------------------------------------------- tokens

Tokens = list[str]
_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/|\\\n)
    |\"\"\".*?\"\"\"|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.){1,8}'
    |[A-Za-z_]\w*|\d[\w.]*|->|::|<<|.""",
    re.VERBOSE | re.DOTALL,
)
_LONGEST = 8000
"""Characters of one call; what goes on has lost its bracket."""


def _tokens(source: str, at: int) -> Iterator[str]:
    for piece in _TOKEN.finditer(source, at, at + _LONGEST):
        if piece.lastgroup != "skip":
            yield piece[0]


def _bracketed(tokens: Iterator[str]) -> Tokens:
    """What stands between the bracket that comes next and the one that closes it."""
    depth = 0
    held: Tokens = []
    for piece in tokens:
        depth += (piece in "([{") - (piece in ")]}")
        if depth == 0:
            return held[1:]
        held.append(piece)
    return []


def _streamed(tokens: Iterator[str]) -> Tokens:
    """`<< "a" << b;` behind a call, with `+` in the place of `<<`."""
    held: Tokens = []
    for piece in tokens:
        if (not held and piece != "<<") or piece in ("{", "}"):
            return []
        if piece == ";":
            return held[1:]
        held.append("+" if piece == "<<" else piece)
    return []


def _split(tokens: Sequence[str], at: str) -> list[Tokens]:
    """Parts between signs that stand in no bracket."""
    parts: list[Tokens] = [[]]
    depth = 0
    for piece in tokens:
        depth += (piece in "([{") - (piece in ")]}")
        if piece == at and depth == 0:
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts


def _is_text(piece: str) -> bool:
    return len(piece) > 1 and piece[0] in '"`'


def _holds_text(arguments: Sequence[Tokens]) -> bool:
    return any(_is_text(piece) for argument in arguments for piece in argument)


# ---------------------------------------------------------------- level, message, place


def _level(arguments: list[Tokens], named: str) -> tuple[str, list[Tokens]]:
    """The level of a call, "" if it has none, and its arguments behind that level."""
    if len(arguments) == 1 and arguments[0][:1] == ["("]:  # DEBUG((LEVEL, "…"))
        arguments = _split(_bracketed(iter(arguments[0])), ",")
    for at, argument in enumerate(arguments[:5]):
        if any(map(_is_text, argument)):
            break
        constant = _constant(argument)
        if constant:
            return constant, arguments[at + 1 :]
    return _LEVEL_OF.get(named.lower(), ""), arguments


def _constant(argument: Tokens) -> str:
    """The level that an argument names: `LOG_ERR`, `Level.WARNING`, `LOG_AUTH | LOG_ERR`, `DEBUG(3)`, a
    bare `warning`; "" for another, as `client->err`, and for AE_INFO, the place of a call in ACPI."""
    argument = argument[: argument.index("(")] if "(" in argument else argument
    if not argument or argument == ["AE_INFO"] or not set(argument[1::2]) <= {".", "::", "|"}:
        return ""
    named = _CONSTANT.fullmatch(argument[-1])
    if not named or not (argument[-1].isupper() or len(argument) > 1 or argument[-1] in _BARE):
        return ""
    return _LEVEL_OF[named["level"].lower()]


_BARE = frozenset({"notice", "warning", "critical"})
"""Levels in small letters that are constants by themselves; `error` and `info` are also variables."""


_MARKS = frozenset(
    "_ N_ gettext dgettext tr errmsg errmsg_internal errmsg_plural String.format format Sprintf"
    " fmt.Sprintf StringBuilder".split()
)
"""Functions whose first text is the message."""


def _message(arguments: Sequence[Tokens], language: Language) -> str:
    """The text of the first argument that holds one."""
    for argument in arguments:
        if argument == ['"msg"'] or argument == ['"message"']:
            continue  # level.Warn(logger).Log("msg", "…")
        if any(map(_is_text, argument)):
            return tidied(_rendered(argument, language))
    return ""


def _rendered(argument: Tokens, language: Language) -> str:
    parts = _split(["+" if piece == "<<" else piece for piece in argument], "+")
    return "".join(_operand(part, language) for part in parts)


def _operand(tokens: Tokens, language: Language) -> str:
    if not tokens:
        return ""
    texts = [piece for piece in tokens if _is_text(piece)]
    if texts and all(_is_text(piece) or piece.isidentifier() for piece in tokens):
        # "a %" PRIu64 " b": a name between texts is a macro, PRI… the end of a value
        joined = "".join(
            _unquoted(t) if _is_text(t) else ("u" if t.startswith(("PRI", "SCN")) else VARIABLE)
            for t in tokens
        )
        return _valued(joined, language)
    opened = tokens.index("(") if "(" in tokens else len(tokens)
    name = "".join(tokens[:opened])
    if opened < len(tokens) and texts and (name in _MARKS or not name or name.endswith(".Sprintf")):
        inner = _split(_bracketed(iter(tokens[opened:])), ",")
        return _first_text(inner, language)
    if _is_text(tokens[0]) and tokens[1:3] in ([".", "formatted"], [".", "format"]):
        return _valued(_unquoted(tokens[0]), language)
    return VARIABLE


def _first_text(arguments: Sequence[Tokens], language: Language) -> str:
    """Of `("a %s", x)` the text; of `(errcode(…), errmsg("…"))` the first that says something."""
    said = (_rendered(one, language) for one in arguments if any(map(_is_text, one)))
    return next((text for text in said if text != VARIABLE), VARIABLE)


_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPED = {'"': '"', "\\": "\\", "'": "'", "/": "/"}


def _unquoted(piece: str) -> str:
    if piece[0] == "`":
        return piece[1:-1]
    body = piece[3:-3] if piece.startswith('"""') else piece[1:-1]
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[0][1:], " "), body)


def _valued(text: str, language: Language) -> str:
    marked = text.replace("~n", " ").replace("%%", "\0").replace("{{", "\1").replace("}}", "\2")
    marked = re.sub(language.variables, VARIABLE, marked)
    marked = marked.replace(f"0x{VARIABLE}", VARIABLE)
    return marked.replace("\0", "%").replace("\1", "{").replace("\2", "}")


_THROWN = frozenset("e ex exc exception t th throwable cause err error ioe ie".split())


def _place(arguments: Sequence[Tokens], language: str) -> Place:
    """`trace` where the last argument is an exception, whose trace Java's loggers print."""
    last = arguments[-1] if len(arguments) > 1 else []
    return "trace" if language == "java" and len(last) == 1 and last[0] in _THROWN else ""
