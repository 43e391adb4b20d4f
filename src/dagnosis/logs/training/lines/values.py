"""What `<*>` may stand for: values like those of real logs, so that concrete lines work as well."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

_WORDS = (
    "orders users events payments daily hourly staging prod raw core etl sync export report sales"
    " worker broker scheduler gateway ingest loader cache session index model batch queue topic"
    " cluster node volume bucket table schema task job run stage step customer invoice metrics"
).split()
_ERRORS = (
    "connection refused",
    "timed out",
    "Connection reset by peer",
    "No such file or directory",
    "Permission denied",
    "'NoneType' object has no attribute 'get'",
    "'id'",
    "invalid literal for int() with base 10: 'a'",
    "Expecting value: line 1 column 1 (char 0)",
    "404 Client Error: Not Found",
    "HTTP 503",
    "[Errno 111] Connection refused",
    "list index out of range",
)
_OTHERS = (
    "None True False [] {} '' GET POST utf-8 us-east-1 eu-west-1 default main latest s3 json csv"
)


def _word(rng: Random) -> str:
    return rng.choice(_WORDS)


def _name(rng: Random) -> str:
    return rng.choice("_-.").join(_word(rng) for _ in range(rng.randint(2, 3)))


def _class(rng: Random) -> str:
    return "".join(_word(rng).capitalize() for _ in range(2))


def _path(rng: Random) -> str:
    return f"/{_word(rng)}/{_word(rng)}/{_name(rng)}{rng.choice(('', '.py', '.csv', '.log'))}"


def _list(rng: Random) -> str:
    return str([_name(rng) for _ in range(rng.randint(1, 3))])


def _pair(rng: Random) -> str:
    return str({_word(rng): rng.choice((rng.randrange(100), _word(rng)))})


def _object(rng: Random) -> str:
    return f"<{_class(rng)} {_name(rng)}>"


_KINDS: tuple[tuple[int, Callable[[Random], str]], ...] = (
    (5, lambda rng: str(rng.randrange(10 ** rng.randint(1, 6)))),
    (2, lambda rng: f"{rng.random() * 100:.2f}"),
    (4, _name),
    (4, _word),
    (2, _class),
    (2, _path),
    (1, lambda rng: f"10.0.{rng.randrange(255)}.{rng.randrange(255)}:{rng.randrange(1024, 65535)}"),
    (1, lambda rng: f"{_word(rng)}.example.com"),
    (1, lambda rng: f"https://{_word(rng)}.example.com/{_word(rng)}"),
    (2, lambda rng: f"{rng.getrandbits(128):032x}"),
    (1, lambda rng: f"{_word(rng)}-{rng.getrandbits(32):08x}"),
    (1, _list),
    (1, _pair),
    (1, _object),
    (2, lambda rng: rng.choice(_OTHERS.split())),
    (2, lambda rng: rng.choice(_ERRORS)),
)
_WEIGHTS = [weight for weight, _ in _KINDS]
_MAKERS = [maker for _, maker in _KINDS]
_VARIABLE = re.compile(r"<\*>")


def filled(text: str, rng: Random) -> str:
    """`text` with a value for each `<*>`; the same for the same state of `rng`.

    >>> filled("no variables here", Random(1))
    'no variables here'
    """
    return _VARIABLE.sub(lambda _: rng.choices(_MAKERS, _WEIGHTS)[0](rng), text)
