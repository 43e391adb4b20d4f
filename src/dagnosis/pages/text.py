"""Foreign text on a page: what hides, reorders or steers is shown as what it is."""

from __future__ import annotations

import re

_COLOURS = re.compile(r"\x1b\[[0-9;:]*m")
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Control codes but for tab and line feed, what has no width, what turns the direction of writing
(the characters of "Trojan Source", CVE-2021-42574), tags, and halves of surrogate pairs."""


def visible(text: str) -> str:
    """`text` with every hidden character as `⟨U+202E⟩`; colours of terminals are taken out.

    >>> visible("pay\\u202etxt.exe \\x1b[31mred\\x1b[0m \\x07")
    'pay⟨U+202E⟩txt.exe red ⟨U+0007⟩'
    """
    if text.isascii() and text.isprintable():
        return text
    text = _COLOURS.sub("", text.replace("\r\n", "\n"))
    return _HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def clipped(text: str, most: int) -> str:
    """The first line with something in it, of `most` characters at most.

    >>> clipped("\\nKeyError: 'amount'\\n  at line 3", 40)
    "KeyError: 'amount'"
    """
    line = next((row.strip() for row in text.splitlines() if row.strip()), "")
    return line if len(line) <= most else line[: most - 1] + "…"
