"""Secrets out, before anything is printed, kept or sent.

`redact` replaces every secret that a rule knows by `[redacted:<kind>]`. It keeps the lines of the
text, changes nothing twice, never raises, and takes time linear in the length of the text. Almost
every line of a log holds no secret: one automaton over the triggers of all rules says so in about
a microsecond, and only the rules that it names are applied.

The rules are in `dagnosis.logs.secrets`; `RULES` is the whole table, in the order of application:
shapes first, since they know the better kind, then places, then names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import re2

from dagnosis.logs.secrets import blocks, commands, headers, names, numbers, tokens, uris
from dagnosis.logs.secrets.rule import Rule, options

RULES: tuple[Rule, ...] = (
    *blocks.RULES,
    *tokens.RULES,
    *headers.RULES,
    *uris.RULES,
    *names.rules(),
    *uris.QUERY,
    *commands.RULES,
    *numbers.RULES,
)

MAX_PASSES = 8
"""A replacement can bring a second secret to light; texts seen so far settle in two passes."""


def redact(text: str) -> str:
    """`text` with every secret that a rule knows replaced; the text itself where there is none.

    >>> redact("connecting to postgres://etl:s3cr3t@db:5432/dwh")
    'connecting to postgres://etl:[redacted:password]@db:5432/dwh'
    >>> redact("token_count=5")
    'token_count=5'
    """
    data = text.encode("utf-8", "surrogatepass")
    clean = data
    for _ in range(MAX_PASSES):
        triggered = _TRIGGERS.Match(clean)
        if not triggered:
            break
        before, clean = clean, _apply(clean, triggered)
        if clean == before:
            break
    return text if clean is data or clean == data else clean.decode("utf-8", "surrogatepass")


def _apply(data: bytes, triggered: Iterable[int]) -> bytes:
    for index in sorted(triggered):
        data = RULES[index].rewrite(data)
    return data


def _trigger_set() -> Any:
    triggers = re2.Set.SearchSet(options())
    for rule in RULES:
        triggers.Add(rule.trigger.encode("ascii"))
    triggers.Compile()
    return triggers


_TRIGGERS = _trigger_set()
