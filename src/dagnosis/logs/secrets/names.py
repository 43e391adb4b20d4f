"""Secrets that are named: `db_password = …`, `"api_key": "…"`, `--token …`, `<secret>…</secret>`.

One mechanism for every notation: a name whose *last* words say secret, a sign of assignment, a
value. `password_policy` and `token_count` end in another word and are left alone. How the name is
written decides how sure the value must be (`_believable`).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec
import re2

from dagnosis.logs.secrets import plausible
from dagnosis.logs.secrets.plausible import words_of
from dagnosis.logs.secrets.rule import Finder, Match, Rule, Span, replaced
from dagnosis.logs.secrets.values import OPENER, Value, first_of, value_at

Strength: TypeAlias = Literal["strong", "weak", "opaque"]
"""`strong`: the name alone says secret (password, api_key); `weak`: the value must look like a
token (token, auth); `opaque`: it must be random beyond doubt (key)."""


class Family(msgspec.Struct, frozen=True):
    """Names of one kind of secret. `whole` names must be a word of their own: `pass`, not `bypass`.

    `unless` are words before the name that make it harmless: `next_token`, `primary_key`.
    """

    kind: str
    strength: Strength
    names: str
    about: str
    whole: bool = False
    unless: frozenset[str] = frozenset()


_HARMLESS_TOKENS = words_of(
    "next page continuation pad eos bos unk mask sep cls unexpected invalid stop special "
    "start end first last cancel cancellation lex previous prev sync resume cursor max min "
    "num image audio bad illegal current lookahead idempotency unknown claim state"
)
_HARMLESS_KEYS = words_of(
    "primary foreign sort partition cache object s3 row idempotency dedup surrogate natural "
    "composite public pub unique candidate business hash range group join lookup dict map "
    "bucket dag task xcom return index host storage_object file blob dest source src "
    "destination target translation message kafka record document issue"
)

_ABROAD = words_of(
    "passwort kennwort contraseña contrasena clave senha palavra-passe mdp mot_de_passe motdepasse "
    "parola_d_ordine parola_chiave parola wachtwoord lösenord losenord passord adgangskode kodeord "
    "salasana hasło haslo heslo jelszó jelszo şifre sifre пароль Пароль ПАРОЛЬ гасло парола κωδικός "
    "密码 密碼 口令 パスワード 暗証番号 비밀번호 암호 סיסמה"
)


def _abroad() -> str:
    """The names as an expression over the bytes of UTF-8; `_` stands for any separator."""
    names = [
        "".join(chr(b) if b < 128 else f"\\x{b:02x}" for b in name.encode())
        for name in sorted(_ABROAD)
    ]
    return "|".join(name.replace("_", "[_ '-]?") for name in names)


FAMILIES: tuple[Family, ...] = (
    Family(
        "password",
        "strong",
        r"passwords?|passwd|passphrase|passcode"
        r"|pwd|passw|pword|userpass|storepass|keypass|dbpass|rootpass",
        "Passwords and passphrases by their name, in any notation.",
    ),
    Family(
        "password",
        "strong",
        r"pass|psw|pw|otp|totp|cvv2?|cvc2?|pin[_-]?code",
        "Passwords by a short name that is a word of its own: pass, pw, otp, cvv.",
        whole=True,
    ),
    Family(
        "password",
        "strong",
        _abroad(),
        "Passwords by their name in other languages.",
    ),
    Family(
        "key",
        "strong",
        r"(?:api|access|secret|private|account|shared(?:[_. -]?access)?|auth|authorization|encryption"
        r"|encrypt|decryption|master|signing|license|licence|fernet|subscription|storage[_-]?account"
        r"|consumer|admin|hmac|ingest(?:ion)?|instrumentation|crypto|cipher|aes|rsa|secretaccess"
        r"|accountaccess|functions|wireguard|preshared|pre[_-]shared|dd|datadog|jwt)[_. -]?key"
        r"|apikey|appkey|secretkey|accesskey|pkey|psk|account[_.]key[_.][\w.\-]{3,80}|apitoken",
        "Keys of APIs, accounts and ciphers by their name.",
    ),
    Family(
        "key",
        "weak",
        r"(?:client|application|app|service|server|deploy|write|ssh|session|cookie|integration|routing|webhook"
        r"|registry|security|signature|host|user)[_. -]?key|key[_-]?(?:base|data|contents?|material)",
        "Keys of services by their name, where the value looks like one.",
    ),
    Family(
        "secret",
        "strong",
        r"(?:client|app|application|api|consumer|shared|jwt|webhook|token|oauth2?|aad|azure|signing|hmac"
        r"|session|cookie|aws|s3|user|db|database|bot|account|master|auth|hash|slack|github|google)"
        r"[_. -]?secret|secret[_-]?access|s3cr3t",
        "Client secrets and their like by their name.",
    ),
    Family("secret", "weak", r"secret(?:[_-]?id)?|secreto|geheimnis", "Secrets by their name."),
    Family(
        "token",
        "strong",
        r"(?:access|auth|refresh|session|security|bearer|oauth2?|api|bot|personal|private|jwt|id|user|app"
        r"|service|sas|vault|github|gitlab|slack|deploy|registration|runner|web|login|admin|identity"
        r"|authn?|authentication|authorization|databricks|npm|pypi|hf|csrf|xsrf|verification|device|push)"
        r"[_. -]?token|authtoken|accesstoken|_?authtoken|pat[_-]token",
        "Access, refresh, session and API tokens by their name.",
    ),
    Family(
        "token",
        "weak",
        r"token|jwt|bearer|assertion|(?:code|oauth)[_-]?verifier|saml_?response|access[_-]?grant",
        "Tokens by their name, where the value looks like one.",
        unless=_HARMLESS_TOKENS,
    ),
    Family(
        "credential",
        "weak",
        r"credentials?|creds?|auth|authorization|sas|jsessionid|phpsessid|sessionid|session"
        r"|connect\.sid|csrf|xsrf|pat|cookie|nonce|salt|private[_-]?token"
        r"|webhook[_-]?url|appid|app[_-]?id[_-]?key|identity[_-]?pool[_-]?key",
        "Credentials, signatures and session ids by their name, where the value looks like a token.",
        whole=True,
    ),
    Family(
        "signature",
        "weak",
        r"sig|signature|sharedaccesssignature",
        "Signatures of signed addresses and requests.",
        whole=True,
    ),
    Family(
        "key",
        "opaque",
        r"key|session[_-]?id|encoded",
        "Anything named key (or session id), where the value is random beyond doubt.",
        unless=_HARMLESS_KEYS,
    ),
)

# Words that may follow the name without changing what it names.
_SUFFIX = (
    r"(?:[_.\-]?(?:\d{1,3}|value|b64|base64|enc(?:oded|rypted)?|hash(?:ed)?|plain(?:text)?|str(?:ing)?"
    r"|text|prod(?:uction)?|dev|test|stage|staging|old|new|current|previous|primary|secondary|default"
    r"|raw|bytes|data|contents?|material|pem|main|backup|rw|ro|admin|user|db|live|base))*"
)
_CLOSE = r"""(?P<close>\\*["'`]\]?|%22|&quot;)?"""
_SIGN = (
    r"(?P<assign>[ \t]*=[ \t]*(?:\"\[redacted:\w+\]\"|\(sensitive value\)|null)[ \t]*->[ \t]*"
    r"|(?:[ \t]*:[ \t]*(?:str|bytes|string|SecretStr|Optional\[str\]|str \| None))?"
    r"[ \t]*(?:=>|:=|={1,2}|%3[Dd])[ \t]*)"
    r"|(?P<member>[ \t]*[:=][ \t]*\{[^{}\n]{0,80}?[\"'][vV]alue\\*[\"'][ \t]*:[ \t]*|[ \t]+value[ \t]*=[ \t]*"
    r"|[ \t]*,[ \t]*\\*[\"'][vV]alue\\*[\"'][ \t]*:[ \t]*"
    r"|</[nN]ame>\s{0,40}<[vV]alue>|[ \t]*\n[ \t]*[vV]alue:[ \t]*)"
    r"|(?P<colon>[ \t]+for[ \t]+(?:user[ \t]+)?[\w.@\"'\\\-]{1,40}:[ \t]+|[ \t]*(?::|%3[Aa]|\xef\xbc\x9a)(?:[ \t]|%20|\+)*)"
    r"|(?P<markup>(?:[ \t][^<>\n]{0,80})?>)"
    r"|(?P<pair>[ \t]*,[ \t]*|[ \t]+\|[ \t]*|[ \t]+(?:is|was)[ \t]*:?[ \t]+)"
    r"|(?P<space>[ \t]+)"
)
_NAME_BYTE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_LAST_WORD = re2.compile(r"([A-Z]?[a-z0-9]+|[A-Z0-9]+)[_.\-]*$")
_ENVIRONMENT = re2.compile(r"^[A-Z][A-Z0-9_]*$")
_IDENTIFIER = re2.compile(r"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$")
_SENTENCE = Finder(r"[ \t]+[A-Za-z(<'\"]")
_LINE_HEAD = Finder(r"(?:[ \t>\-]|export |set |env )*$")


def rules() -> tuple[Rule, ...]:
    """One rule a family, strong ones first."""
    return tuple(_rule(family) for family in FAMILIES)


def _rule(family: Family) -> Rule:
    tail = rf"{_SUFFIX}{_CLOSE}(?:{_SIGN}){OPENER}"
    finder = Finder(rf"(?i)(?P<name>{family.names}){tail}")
    trigger = rf"(?i)(?:{family.names}){_SUFFIX}[\"'`\\\]%&]*(?:[\s=:|,>]|</|%|22|quot|\xef\xbc)"

    def judge(found: Match, data: bytes) -> Span | None:
        return _judge(family, found, data)

    return Rule(
        family.kind, family.about, trigger, lambda data: replaced(finder, data, family.kind, judge)
    )


def _judge(family: Family, found: Match, data: bytes) -> Span | None:
    start, stop = found.span("name")
    before = _before(data, start)
    if not _named_so(family, before, data[start:stop].decode("latin-1")):
        return None
    quote = found["open"]
    braces = found.has("assign")
    value = first_of(data, found.end(), quote, braces=braces)
    full = before + data[start:stop].decode("latin-1")
    if not _assigned(family, found, data, value, before) or not _believable(
        family, found, data, value, full
    ):
        return None
    if value.end - value.start >= plausible.WINDOW:
        value = value_at(data, found.end(), quote, braces=braces)
    end = _phrase_end(found, data, value)
    return (value.start, end)


def _before(data: bytes, start: int) -> str:
    """The part of the name before its last words, at most 64 characters."""
    at = start
    while at > 0 and start - at < 64 and data[at - 1] in _NAME_BYTE:
        at -= 1
    return data[at:start].decode("latin-1")


def _named_so(family: Family, before: str, name: str) -> bool:
    if not before:
        return True
    if family.whole and not (before[-1] in "_.-" or (before[-1].islower() and name[:1].isupper())):
        return False
    if family.unless:
        word = _LAST_WORD.search(before)
        return word is None or word.group(1).lower() not in family.unless
    return True


def _assigned(family: Family, found: Match, data: bytes, value: Value, before: str) -> bool:
    """Is this sign one, here?"""
    text = value.text(data)
    if found.has("markup"):
        at = found.start("name") - len(before)
        return data[at - 1 : at] in (b"<", b":") and at > 0 and not found["close"]
    if found.has("space"):
        return _spaced(family, found, value, text, before)
    if found.has("pair"):
        comma = b"," in found["pair"]
        if comma and not (found["close"] and value.quote):
            return False
        flagged = before.startswith("-") and not text.startswith("-")
        return flagged or plausible.token(text) or (not comma and plausible.marked(text))
    return not found.has("colon") or not text.startswith(":")


def _spaced(family: Family, found: Match, value: Value, text: str, before: str) -> bool:
    """A space assigns behind a flag, before a quote, and where what follows can be no word."""
    if before.startswith("-"):
        return not text.startswith("-") and text.lower() not in plausible.PROSE
    if found["name"].lower() == b"pass":  # the verb
        return False
    if plausible.opaque(text):  # spark-defaults.conf has no sign of assignment
        return True
    if found["close"]:
        return False
    if value.quote[-1:] == b"'":
        return True
    if family.kind != "password":
        return False
    return plausible.marked(text) if value.quote else plausible.token(text)


def _believable(family: Family, found: Match, data: bytes, value: Value, name: str) -> bool:
    text = value.text(data).replace("\\", "")
    if value.quote:
        text = text.replace('"', "").replace("'", "")
    if len(text.strip()) < 2 or plausible.blank(text) or _counted(found, text, name):
        return False
    if not value.quote and (_is_structure(text) or _is_code(found, data, value, text, name)):
        return False
    if family.strength == "opaque":
        return plausible.opaque(text)
    environment = found.has("assign") and bool(_ENVIRONMENT.search(name)) and "_" in name
    if family.strength == "weak" and not (environment and _env_value(text)):
        return plausible.token(text)
    if plausible.path(text):
        return False
    if family.kind != "password" and (plausible.reference(text) or text.isdigit()):
        return False
    return not _prose(found, data, value, text)


def _counted(found: Match, text: str, name: str) -> bool:
    """`PASS=39 WARN=0`: a count of what passed."""
    return text.isdigit() and name.lower() == "pass"


def _is_structure(text: str) -> bool:
    """The start of an object or a list, or one name in braces (a template)."""
    if text.startswith(("{'", '{"', "['", '["', "[{", "[]", "{}")):
        return True
    return text.startswith("{") and bool(_IDENTIFIER.search(text.strip("{}")))


def _env_value(text: str) -> bool:
    return not (text.isdigit() or plausible.reference(text) or plausible.words(text))


def _is_code(found: Match, data: bytes, value: Value, text: str, name: str) -> bool:
    """The source line of a traceback: `connect(password=password, token=conn.token)`."""
    if plausible.code(text):
        return True
    called = text.find("(")
    if called < 0:
        called = text.find("[")
    if called > 0 and _IDENTIFIER.search(text[:called]):
        return True
    if not _IDENTIFIER.search(text) or not found.has("assign") or name != name.lower():
        return False
    following = data[value.end : value.end + 1]
    told = text.lower().strip("_")
    inside = name.rpartition(".")[2]
    if told in (inside, "password", "passwd", "pwd", "token", "secret", "api_key", "key"):
        return following in (b",", b")") or found["assign"] != b"="
    return (
        "_" in text.strip("_")
        and following in (b",", b")")
        and any(word in told for word in ("pass", "pwd", "token", "secret", "key", "cred"))
    )


def _prose(found: Match, data: bytes, value: Value, text: str) -> bool:
    """A sentence rather than a value: "password: required", "token: the one that you got"."""
    if value.quote or not found.has("colon"):
        return False
    word = text.lower().strip(".,:;!?'\"()[]")
    if word in plausible.PROSE:
        return True
    if found["close"] or plausible.marked(text):
        return False
    if _phrase(found, data):
        return False
    return found["colon"] != b":" and _SENTENCE.match(data, value.end) is not None


def _own_line(found: Match, data: bytes) -> bool:
    """`name:` begins its line, as in YAML."""
    start = found.start("name") - len(_before(data, found.start("name")))
    head = data[max(data.rfind(b"\n", max(0, start - 64), start) + 1, start - 64) : start]
    return bool(_LINE_HEAD.match(head, 0, len(head)))


def _phrase(found: Match, data: bytes) -> bool:
    return found["name"].lower() == b"passphrase" and _own_line(found, data)


def _phrase_end(found: Match, data: bytes, value: Value) -> int:
    """A passphrase of several words that has a line to itself goes whole."""
    if value.quote or not _phrase(found, data):
        return value.end
    line = data.find(b"\n", value.end)
    return len(data) if line < 0 else line
