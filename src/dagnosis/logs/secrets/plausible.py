"""Is this value a secret, or a word, a placeholder, a path, a piece of code?

Values are Latin-1 text of at most `WINDOW` characters. Nothing here knows how the value was named;
`names` chooses how sure it must be.
"""

from __future__ import annotations

from collections import Counter
from math import log2

import re2

WINDOW = 256
"""Characters of a value that are judged."""


def words_of(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


NOTHING = words_of(
    "none null nil true false yes no on off undefined unset empty n/a na nan str string int "
    "bytes bool optional any object secretstr text varchar password? todo tbd disabled enabled ~ ? - -- ... …"
)
"""Values that say that there is no value, or of which type it is."""

PROSE = words_of(
    "required missing invalid incorrect wrong expired not is was are be must should cannot "
    "can can't could may might will would and or for the a an in of to from with without by "
    "on at as it this that if when provided set given found changed updated reset rotated "
    "hidden masked redacted removed omitted ok okay failed failure success successful "
    "successfully error unknown unauthorized forbidden denied access authentication "
    "permission accepted rejected disabled enabled default please enter check use using used "
    "field value attribute argument parameter keyword received expected unexpected got "
    "supplied specified too only does do has have already being been no retrieving retrieved "
    "refreshing refreshed fetching loading loaded generating generated resetting updating "
    "creating created deleting deleted unable unsupported invalidated revoked key keys value "
    "values name names policy via and then"
)
"""First words of a sentence that goes on behind "password:"."""

_PLACEHOLDER = re2.compile(
    r"^(?:\*+(?:\(\w*\)?)?|[xX]{3,}|[.\-_#?~]+|<[^<>]*>?|\{\{.*|\$\{.*|\$\(.*|\{\w*\}|%\(.*|%[sdr]|\$\d{1,2}"
    r"|\$[A-Z_][A-Z0-9_]*|[:@$%]\w*(?i:pass|pw|token|secret|key)\w*%?|\[redacted:\w+\]"
    r"|(?i:[\[(<{]?\**(?:redacted|masked|hidden|filtered|removed|omitted|sanitized)\**[\])>}]?|[\[(<{]secret[\])>}]?)"
    r"|(?i:\((?:sensitive|known|hidden|redacted|none|empty|not|no|null|value|default)\b.*)"
    r"|(?i:(?:your|insert|enter|replace)[\w-]*(?:key|token|secret|passw|here|me)[\w-]*)"
    r"|(?:[A-Z0-9]+_)*(?:PASSWORD|PASSWD|TOKEN|SECRET|KEY|PWD))[.,;:]?$"
)
_PATH = re2.compile(
    r"^(?:~|\.{1,2})?/(?:[\w@ .-]+/)*[\w@ .-]*\.(?:pem|key|json|txt|crt|cer|p8|p12|pfx|ppk|yaml|yml|env|pgpass|jks|conf|ini|py|pub|der)$"
    r"|^(?:~|\.{1,2})?/(?:etc|opt|home|var|usr|tmp|run|root|mnt|secrets?|vault|apps?|workspace|Users|dev|proc|srv|bin|lib|keys|certs?)(?:/[\w@.-]*)*$"
    r"|^(?:[\w.-]+/)*[\w.-]+\.(?:pem|key|json|crt|p8|p12|pfx|yaml|yml|py|pub|jks)$|^[A-Z]:\\"
)
_REFERENCE = re2.compile(
    r"^(?:arn:|projects/|[a-z][\w+.-]{1,20}://|vault:|ssm:|secretsmanager:|op://|env:|file:|keyvault:|conn(?:ections)?/|ref\+)"
)
_CODE = re2.compile(
    r"^(?:self|cls|conn|connection|config|conf|cfg|settings|os|args|opts|options|params|ctx|context|request|event|env|hook"
    r"|credentials?|creds|extra|kwargs|Variable|Connection|BaseHook|data|row|user|secrets?|session|client|response|auth"
    r"|airflow|spark|dbutils|var|local|module|keyring|getpass|base64|hashlib|json|re)\??\.[A-Za-z_][\w.]*$"
    r"|^[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*\.\w*(?i:passw|token|secret|pwd|_key|apikey)\w*$"
)
_OBJECT = re2.compile(r"^(?:[\w$]+\.)+[\w$]+@[0-9a-f]{5,8}$|^[a-z_]+=(?:\d+|[a-z_]+)$")
_UUID = re2.compile(r"(?i)^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$")
_HEX = re2.compile(r"(?i)^(?:sha\d+:)?[0-9a-f]+$")
_NUMBER = re2.compile(r"^[-+]?[\d.,_:/TZ-]+(?:[eE][-+]?\d+)?(?:%|[kKMGT]i?B?|ms|s|m|h|d)?$")
_WORDS = re2.compile(
    r"^[a-z]+\d{0,3}(?:[_.\-/:]+(?:[a-z]+\d{0,3}|\d{1,8}))+$|^[A-Za-z]+(?:[_.\-/:]+[A-Za-z]+)+$"
    r"|^[A-Z]+(?:_(?:[A-Z]+|\d{1,4}))+$|^HTTP/[0-9.]+$"
)
_CAMEL = re2.compile(r"^(?:[A-Z]{0,5}[a-z]{2,})+\d{0,2}$|^[A-Z]+$")
_OPAQUE = re2.compile(r"^[A-Za-z0-9+/_=.~:|!@#$%^&*-]+$")


def blank(value: str) -> bool:
    """A placeholder, a mask, a null, a type: no secret, however strong its name."""
    return not value or value.lower() in NOTHING or bool(_PLACEHOLDER.search(value))


def path(value: str) -> bool:
    """A path of a file."""
    return bool(_PATH.search(value))


def placeholder(value: str) -> bool:
    """A mask, a template, a variable."""
    return bool(_PLACEHOLDER.search(value))


def reference(value: str) -> bool:
    """A path, URI, ARN or other pointer to where the secret is kept."""
    return bool(_PATH.search(value) or _REFERENCE.search(value))


def code(value: str) -> bool:
    """An attribute chain of a program: `conn.password`, `settings.API_KEY`."""
    return bool(_CODE.search(value))


def words(value: str) -> bool:
    """Words joined by signs, a small number among them at most: `db-creds`, `orders.created`."""
    return bool(_WORDS.search(value))


def marked(value: str) -> bool:
    """Holds a digit, a sign or a capital among small letters: more than a word of a sentence."""
    word = value.rstrip(".,:;!?)")
    if any(c.isdigit() or c in "!@#$%^&*+=~?|" for c in word):
        return len(word) > 1
    return word != word.upper() and any(c.isupper() for c in word[1:])


def token(value: str, uuids: bool = True) -> bool:
    """An opaque token of at least 8 characters, as a weak name (`token`, `auth`) may hold."""
    if len(value) < 8 or not _OPAQUE.search(value) or blank(value) or reference(value):
        return False
    if _NUMBER.search(value) or code(value) or _OBJECT.search(value):
        return False
    if _UUID.search(value):
        return uuids
    if not _HEX.search(value) and _WORDS.search(value):
        return False
    digits = sum(c.isdigit() for c in value)
    letters = sum(c.isalpha() for c in value)
    if digits and letters:
        return True
    if _HEX.search(value):
        return len(value) >= 16
    if _CAMEL.search(value) or value.lower() == value or value.upper() == value:
        return len(value) >= 20 and not _CAMEL.search(value) and entropy(value) >= 3.5
    return len(value) >= 10


def opaque(value: str) -> bool:
    """Random beyond doubt: at least 20 characters of both cases and digits, no word, no hash."""
    if len(value) < 20 or not token(value, uuids=False) or _HEX.search(value):
        return False
    upper = sum(c.isupper() for c in value)
    lower = sum(c.islower() for c in value)
    digits = sum(c.isdigit() for c in value)
    mixed = upper >= 2 and lower >= 2 and (digits >= 2 or len(value) >= 32)
    return mixed and entropy(value) >= 3.5


def entropy(value: str) -> float:
    """Shannon entropy in bits per character; 0 for an empty value.

    >>> entropy("aaaa"), entropy("abcd")
    (0.0, 2.0)
    """
    counts = Counter(value)
    return 0.0 - sum(n / len(value) * log2(n / len(value)) for n in counts.values())
