"""Secrets in the arguments of commands, where no name says so: `mysql -pX`, `curl -u user:X`.

A row is (words that name the command, expression of the flag with the group `secret`, what it is).
Arguments may be a shell line or the repr of a list.
"""

from __future__ import annotations

from dagnosis.logs.secrets import plausible
from dagnosis.logs.secrets.rule import Finder, Match, Rule, Span, replaced

_GAP = r"""(?:["']?,?[ \t]*["']?|=)"""
"""Between a flag and its argument: a space, `=`, or the quotes and comma of a list."""
_ARGUMENT = r"""(?P<secret>"[^"\n]+"|'[^'\n]+'|[^\s"',;|&)\]]+)"""
_PAIR = r"""(?P<user>["']?[\w.@\\+%$\-]+):(?P<secret>(?:[^\s"'\\]|\\[^"'])+)"""

_TABLE: tuple[tuple[str, str, str], ...] = (
    (
        r"curl|wget|httpie|xh",
        rf"""(?:\s|["'])(?:-u|--user|-U|--proxy-user|--auth|-a){_GAP}{_PAIR}""",
        "curl -u user:password.",
    ),
    (
        r"mysql\w*|mariadb[\w-]*|mysqldump|mycli|percona[\w-]*|xtrabackup|mydumper",
        rf"""(?:\s|["'])-p{_ARGUMENT}""",
        "mysql -pPASSWORD.",
    ),
    (r"sshpass", rf"""(?:\s|["'])-p{_GAP}{_ARGUMENT}""", "sshpass -p PASSWORD."),
    (
        r"(?:docker|podman|nerdctl|buildah|helm|oras|crane|az|oc|skopeo)[^\n]{0,120}?\blogin|mongo\w*|beeline|influx|rabbitmqadmin|vncpasswd",
        rf"""(?:\s|["'])-p(?:{_GAP}){_ARGUMENT}""",
        "docker login -p PASSWORD and its like.",
    ),
    (
        r"redis-cli|keydb-cli|valkey-cli",
        rf"""(?:\s|["'])-a{_GAP}{_ARGUMENT}""",
        "redis-cli -a PASSWORD.",
    ),
    (
        r"sqlcmd|bcp|osql|isql|tsql|zip|unzip|htpasswd",
        rf"""(?:\s|["'])-P{_GAP}{_ARGUMENT}""",
        "sqlcmd -P PASSWORD.",
    ),
    (
        r"ldap(?:search|modify|add|delete|passwd|whoami)",
        rf"""(?:\s|["'])-w{_GAP}{_ARGUMENT}""",
        "ldapsearch -w PASSWORD.",
    ),
    (r"7za?|rar", rf"""(?:\s|["'])-p{_ARGUMENT}""", "7z -pPASSWORD."),
    (
        r"smbclient|mount\.cifs|rpcclient",
        r"""(?:-U|user=)\s*["']?[\w\\.]+%(?P<secret>[^\s"']+)""",
        "smbclient -U user%password.",
    ),
    (
        r"htpasswd",
        r"""\s-\w*b\w*\s+(?:\S+\s+)?\S+\s+(?P<secret>[^\s"']+)""",
        "htpasswd -b user password.",
    ),
    (
        r"openssl|ssh-keygen|keytool",
        rf"""(?:\bpass:|(?:\s|["'])-(?:storepass|keypass|passphrase|N|P|k){_GAP}){_ARGUMENT}""",
        "openssl pass:PASSWORD.",
    ),
    (
        r"skopeo|crane|podman|buildah|ctr|snyk",
        rf"""--(?:src-|dest-)?(?:creds|user){_GAP}{_PAIR}""",
        "--creds user:password.",
    ),
    (
        r"echo|printf",
        rf"""\s+(?:-n\s+)?{_ARGUMENT}\s*\|\s*(?:sudo|docker|podman|helm|kinit|gh|gpg|chpasswd|passwd)\b""",
        "echo PASSWORD | docker login.",
    ),
    (
        r"lftp|ncftp\w*",
        rf"""(?:\s|["'])-u{_GAP}["']?[\w.@\-]+,{_ARGUMENT}""",
        "lftp -u user,PASSWORD.",
    ),
    (
        r"variables\s+set",
        rf"""\s+["']?\w*(?i:passw|secret|token|api_?key|pwd)\w*["']?\s+{_ARGUMENT}""",
        "airflow variables set name SECRET.",
    ),
    (
        r"[TH]OTP",
        r"""\(\s*["'](?P<secret>[^"'\n]{8,})["']""",
        "The seed of one-time passwords in Python.",
    ),
    (
        r"s3(?:Cluster)?",
        r"""\(\s*'[^'\n]*'\s*,\s*'[^'\n]*'\s*,\s*'(?P<secret>[^'\n]{16,})'""",
        "s3(url, id, SECRET) of ClickHouse.",
    ),
    (
        r"(?:identified|encrypted)\s+(?:with\s+\w+\s+)?by",
        r"""\s+(?:password\s+|values\s+)?["'](?P<secret>[^"'\n]+)""",
        "IDENTIFIED BY 'PASSWORD' in SQL.",
    ),
    (
        r"(?:HTTP)?(?:Basic|Digest|Proxy)Auth|auth|basic_auth|http_auth",
        r"""\s*[=(:]{1,2}\s*[\[(]?\s*["'](?P<user>[^"'\n]*)["']\s*,\s*["'](?P<secret>[^"'\n]+)["']""",
        "auth=(user, password) in Python.",
    ),
)


def _judge(found: Match, data: bytes) -> Span | None:
    start, end = found.span("secret")
    if data[start : start + 1] in (b"'", b'"') and data[start : start + 1] == data[end - 1 : end]:
        start, end = start + 1, end - 1
    text = data[start : min(end, start + plausible.WINDOW)].decode("latin-1")
    user = found["user"] if found.has("user") else b""
    if plausible.blank(text) or text.startswith(("-", "[redacted:")):
        return None
    if user and user.strip(b"\"'").isdigit() and text.isdigit():
        return None  # ids of a user and a group, or a port mapping
    return (start, end)


def _rule(command: str, flag: str, about: str) -> Rule:
    finder = Finder(
        rf"(?i:(?:^|[^\w.]|/)(?:{command})\b)[^\n]{{0,400}}?{flag}"
        if flag.startswith(("(?:", "--"))
        else rf"(?i:\b(?:{command}))\b{flag}"
    )
    return Rule(
        "password",
        about,
        rf"(?i)\b(?:{command})\b",
        lambda data: replaced(finder, data, "password", _judge),
    )


RULES: tuple[Rule, ...] = tuple(_rule(*row) for row in _TABLE)
