"""How loudly a line of any tool's output says that it failed: for logs that no cause explains.

Points, by what tools of many languages print at the line that states a failure; test runners,
compilers, package managers and shells. A tool's summary ("exited with 1", "BUILD FAILED") speaks
of a failure stated elsewhere and earns less; counts of zero and allowed failures earn nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import re2

_POINTS: tuple[tuple[float, str], ...] = (
    # the line that states it
    (
        5.0,
        r"^\s*(?:E\s{2,}\S|--- FAIL|not ok \d|FAIL[: ]|FAILED[: ]|Failure:|Error:|ERROR:|\d+\) (?:Failure|Error))",
    ),
    (
        4.5,
        r":\d+(?::\d+)?:? (?:fatal )?(?:error|Error)\b|\berror(?:\[\w+\]| (?:TS|CS|C|LNK|MSB)\d+)?: ",
    ),
    (
        4.5,
        r"(?:^|[\s.])(?:[A-Z]\w*)?(?:Error|Exception|Failure|Violation)(?:: |\b.*:$|$)|panicked at|Segmentation fault|core dumped",
    ),
    (4.0, r"^\s*\d+\) \S|^\s*[✗✖✘❌×●✕] ?\S|^\s*\[(?:FAIL|ERROR|FAILED)\]|\bFAILED\b|\*{3} FAIL"),
    (
        4.0,
        r"(?i)\bassert(?:ion)?\w* (?:failed|error)|\bassertion\b.*\bfail|^\s*expected\b.{0,200}\b(?:got|but|to|actual|received)\b|\bwas expected\b",
    ),
    (
        3.5,
        r"(?i)^\W{0,3}(?:fatal|panic|critical|err!|error)\b|\bfatal(?: error)?:|npm ERR! |\bundefined (?:reference|symbol|method|variable|local)|unresolved (?:import|external|reference)",
    ),
    (
        3.5,
        r"(?i)\b(?:could not|couldn't|cannot|can't|unable to|failed to)\b.{0,60}\b(?:find|load|resolve|open|install|connect|compile|parse|import|download|fetch|read|create|start|build|execute|locate)\b",
    ),
    (
        3.0,
        r"(?i)command not found|no such file or directory|permission denied|not found\b|does not exist|no space left|out of memory|timed out|unknown (?:option|command|argument)|syntax error|unexpected (?:token|end|symbol)|\bis not defined\b|\bmismatch",
    ),
    (
        2.0,
        r"(?i)\berrors?\b|\bfail(?:ed|ure|ures|s|ing)?\b|\bexception\b|\binvalid\b|\bmissing\b|\babort(?:ed|ing)?\b|\bkilled\b|\bviolation|\bconflict",
    ),
    (
        3.0,
        r"(?i)\b(?:illegal|unrecognized|unsupported|not defined|not allowed|not permitted|no such|must (?:be|have|not))\b|\bwould reformat\b|\brefused\b|\bdenied\b|\brejected\b|\bdiffers?\b|^[+-]{3} ",
    ),
    # a summary of failures stated elsewhere
    (
        -2.5,
        r"(?i)exit(?:ed|s)?(?: with)?(?: (?:code|status))? [1-9]|Error \d+$|returned (?:non-zero|[1-9]\d*)|process completed|build (?:step )?failed|npm ERR! (?:code|errno|A complete|This is|node|npm|Linux|argv|not ok)|\*\*\* \[|recipe for target|lifecycle|failed with exit",
    ),
    (
        -2.0,
        r"(?i)^\s*(?:\d+ )?(?:tests?|examples?|specs?|assertions?|suites?|total|passed)\b.*\b\d+ (?:failed|failures?|errors?)|^(?:tests run|results?):",
    ),
    # harmless
    (
        -6.0,
        r"(?i)\b(?:0|no|zero|without(?: any)?) (?:\w+ )?(?:errors?|failures?|failed|problems?|exceptions?)\b|(?:errors?|failed|failures?)['\"]?\s*[=:]\s*(?:0|none|null|false)\b|\b(?:errors?|failed|failures?) 0\b",
    ),
    (
        -3.0,
        r"(?i)\bwarn(?:ing|ings)?\b|\bdeprecat|\bignor(?:ed|ing)\b|\ballow(?:ed)?[_ -]failures?|\bretry|\bskipp|^\s*(?:ok|pass|passed|✓|✔|√)\b|\bpass(?:ed|es)?\b|\.\.\. ok\b|^\s*(?:\$|\+|>) |^Get:|^Download|^Fetch|^Unpack|^Setting up|^Selecting|^(?:Installing|Using|Collecting|Requirement)\b",
    ),
    (-2.0, r"(?i)^\s*(?:at |File \"|from |in `|#\d+ |\d+: 0x|\.{3}|~|\^)"),
)
_SET = re2.Set.SearchSet()
for _, _pattern in _POINTS:
    _SET.Add(_pattern)
_SET.Compile()

LOUD = 3.0
"""Points from which a line that states no known cause is looked at all the same."""
RARE = 0.55
"""Points lost for each doubling of how often the same shape of line stands in the log."""
LATE = 2.5
"""Points of the last line against the first."""
NEIGHBOURS = 1.2
"""Points for standing among other loud lines: a failure is told in several."""


def loudness(message: str) -> float:
    """Points of one message alone; above 0 it speaks of a failure. 0 for an empty message."""
    return float(sum(_POINTS[index][0] for index in _SET.Match(message[:1000]) or ()))


def shape(message: str) -> bytes:
    """What is left of a message without digits: equal for lines that differ in numbers only."""
    # bytes lose their digits ten times as fast as a str does
    return message[:200].encode("utf-8", "replace").translate(None, b"0123456789")


_SUMMARY = re2.compile(
    r"(?i)exit(?:ed|s)?(?: with)?(?: (?:code|status))? [1-9]|^make.*\*\*\*|process completed with|build (?:job |step )?failed"
    r"|returned (?:non-zero|[1-9]\d*)|^failed\b|npm ERR! code"
)
BEFORE_SUMMARY = 1.8
"""Points for the lines just above the first sentence that says how the whole ended."""
ABOVE = 14


def _near_the_end(messages: Sequence[str]) -> set[int]:
    near: set[int] = set()
    for index in range(len(messages) - 1, max(-1, len(messages) - 400), -1):
        if _SUMMARY.search(messages[index][:300]):
            near = set(range(max(0, index - ABOVE), index))
    return near


def rank_lines(messages: Sequence[str]) -> list[tuple[int, float]]:
    """(index, points) of the loud lines, loudest first."""
    shapes = [shape(message) for message in messages]
    counts = Counter(shapes)
    known: dict[bytes, float] = {}
    points = [0.0] * len(messages)
    for index, key in enumerate(shapes):
        if key not in known:
            known[key] = loudness(messages[index]) if messages[index].strip() else 0.0
        points[index] = known[key]
    near = _near_the_end(messages)
    scored = []
    span = max(len(messages) - 1, 1)
    for index, own in enumerate(points):
        if index in near and messages[index].strip():
            own += BEFORE_SUMMARY
        if own <= 0:
            continue
        around = sum(p > 2 for p in points[max(0, index - 4) : index + 9]) - 1
        score = own - RARE * math.log2(counts[shapes[index]]) + LATE * index / span
        scored.append((index, score + NEIGHBOURS * min(around, 4) / 4))
    scored.sort(key=lambda pair: (-pair[1], pair[0]))
    return scored


def spread(indices: Sequence[int], near: int = 6) -> list[int]:
    """Indices (best first) with those within `near` lines of a better one put after all others:
    they tell of the same failure."""
    first: list[int] = []
    rest: list[int] = []
    for index in indices:
        close = any(abs(index - other) < near for other in first)
        (rest if close else first).append(index)
    return first + rest


ECHOES = (
    "Running command: ",
    "Running: [",
    "Spark-Submit cmd: ",
    "Exporting env vars: ",
    "Exporting the following env vars",
    "Executing <Task",
)
"""What repeats a command before it runs: its text may hold any word."""
