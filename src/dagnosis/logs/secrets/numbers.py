"""Numbers that check themselves: payment cards (Luhn) and IBANs (mod 97)."""

from __future__ import annotations

import re2

from dagnosis.logs.secrets.rule import Finder, Match, Rule, Span, replaced

_CARD = Finder(
    r"(?:^|[^\w.\-/+])(?P<secret>[2-6][0-9]{3}([ \-]?)[0-9]{4}[ \-]?[0-9]{4}[ \-]?[0-9]{4}|3[47][0-9]{2}[ \-]?[0-9]{6}[ \-]?[0-9]{5})(?:[^\w\-/+=]|$)"
)
_IIN = re2.compile(
    r"^(?:4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|6(?:011|5|4[4-9])|35(?:2[89]|[3-8]))"
)
_IBAN = Finder(
    r"\b(?P<secret>[A-Z]{2}[0-9]{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?))\b"
)


def luhn(digits: str) -> bool:
    """Does the check digit of a card number hold?

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    odd = sum(int(d) for d in digits[-1::-2])
    even = sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (odd + even) % 10 == 0


def mod97(iban: str) -> bool:
    """Do the check digits of an IBAN (no spaces) hold?

    >>> mod97("DE89370400440532013000"), mod97("DE89370400440532013001")
    (True, False)
    """
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def _card(found: Match, data: bytes) -> Span | None:
    digits = found["secret"].decode("ascii").replace(" ", "").replace("-", "")
    return (
        found.span("secret")
        if _IIN.search(digits) and luhn(digits) and len(set(digits)) > 1
        else None
    )


def _iban(found: Match, data: bytes) -> Span | None:
    number = found["secret"].decode("ascii").replace(" ", "")
    return found.span("secret") if 15 <= len(number) <= 34 and mod97(number) else None


RULES: tuple[Rule, ...] = (
    Rule(
        "card_number",
        "Numbers of payment cards: an issuer's range and a check digit that holds.",
        r"(?:^|[^\w.\-/+])(?:[2-6][0-9]{3}(?:[ \-]?[0-9]{4}){3}|3[47][0-9]{2}[ \-]?[0-9]{6}[ \-]?[0-9]{5})(?:[^\w\-/+=]|$)",
        lambda data: replaced(_CARD, data, "card_number", _card),
    ),
    Rule(
        "iban",
        "International bank account numbers whose check digits hold.",
        r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2}",
        lambda data: replaced(_IBAN, data, "iban", _iban),
    ),
)
