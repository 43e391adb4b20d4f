"""Answers that are dear to reckon and are asked by everybody at once: kept for some seconds."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

KEPT = 64
"""Answers that are kept; the one that was made first is forgotten first."""


class Recent:
    """Answers by key, no older than `seconds`. Safe for threads; two that ask at once may both reckon."""

    def __init__(self, seconds: float = 15.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The answer of that key, made anew where it is missing or too old.

        >>> recent = Recent()
        >>> recent.get("a", lambda: 1), recent.get("a", lambda: 2)
        (1, 1)
        """
        now = self._clock()
        with self._lock:
            made, answer = self._kept.get(key, (float("-inf"), None))
        if now - made <= self._seconds:
            return answer
        answer = make()
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (now, answer)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return answer
