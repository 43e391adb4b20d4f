"""The shape of a text: what kind of characters stand where.

>>> shape("N14228"), shape("2013-01-05"), shape("John  Smith")
('A9', '9-9-9', 'Aa Aa')
>>> exact_shape("N14228"), exact_shape("2013-01-05")
('A99999', '9999-99-99')
"""

from __future__ import annotations

LONGEST = 64
"""Characters of a text that are looked at."""


def _class(char: str) -> str:
    if char.isdecimal():
        return "9"
    if char.isupper():
        return "A"
    if char.isalpha():
        return "a"
    return " " if char == " " else char


_KNOWN = {chr(code): _class(chr(code)) for code in range(256)}


def exact_shape(text: str) -> str:
    """Each character by its class: digit 9, capital A, other letter a, the rest as it is."""
    known = _KNOWN
    return "".join(known.get(char) or _class(char) for char in text[:LONGEST])


def shape(text: str) -> str:
    """`exact_shape` with runs of one class drawn together; leading and trailing blanks show as ␠."""
    drawn: list[str] = []
    for char in exact_shape(text):
        if not drawn or drawn[-1] != char:
            drawn.append(char)
    found = "".join(drawn)
    if found.startswith(" "):
        found = "␠" + found[1:]
    return found[:-1] + "␠" if found.endswith(" ") and len(found) > 1 else found
