"""Secrets out, before anything is printed, kept or sent. google-re2 only."""

from __future__ import annotations

import re2

_MASKED = r"""(?:\*{2,}|<|\{\{|\$\{|%\(|None\b|null\b|\[redacted)"""
_KEY = r"(?:[\w-]*(?:password|passwd|passphrase|pwd|secret|api[_-]?key|apikey|access[_-]?key|private[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|session[_-]?token|accountkey|sharedaccesskey|fernet_key)[\w-]*)"
_RULES: tuple[tuple[str, str], ...] = (
    (
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.|\n)*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
        "[redacted:private_key]",
    ),
    (r"\beyJ[\w-]{8,}\.eyJ[\w-]{4,}\.[\w-]+", "[redacted:jwt]"),
    (r"\b(?:AKIA|ASIA|AGPA|AROA)[A-Z0-9]{16}\b", "[redacted:aws_key]"),
    (r"\bAIza[\w-]{35}", "[redacted:google_key]"),
    (r"\bya29\.[\w-]{20,}", "[redacted:google_token]"),
    (
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{15,})",
        "[redacted:git_token]",
    ),
    (r"\bxox[abprs]-[\w-]{10,}", "[redacted:slack_token]"),
    (
        r"\b(?:sk|rk)[-_](?:live|test|proj|ant)[-_][\w-]{10,}|\bsk-[A-Za-z0-9]{20,}",
        "[redacted:api_key]",
    ),
    (
        r"\b(?:dapi[0-9a-f]{32}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|SG\.[\w-]{10,}\.[\w-]{20,}|hvs\.[\w-]{20,})",
        "[redacted:token]",
    ),
    (
        r"(?i)(authorization['\"]?\s*[:=]\s*['\"]?(?:bearer|basic|token)?\s*)[^\s'\",]{6,}",
        r"\1[redacted:authorization]",
    ),
    (r"(?i)(\bbearer )[\w.~+/=-]{10,}", r"\1[redacted:bearer]"),
    (r"([a-zA-Z][\w+.-]*://[^\s:/@'\"]*:)[^\s'\"]+(@[\w.-]+)", r"\1[redacted:password]\2"),
    (
        r"(?i)([?&;](?:token|access_token|api_?key|appid|sig|signature|x-amz-signature|x-amz-credential|x-amz-security-token|x-goog-signature|password|key)=)[^&\s'\"]+",
        r"\1[redacted:query]",
    ),
    (
        r"(?i)(\b" + _KEY + r"['\"]?\s*(?:=|:|=>)\s*['\"]?)([^\s'\",;&}\])]{3,})",
        r"\1[redacted:secret]",
    ),
)
_COMPILED = tuple((re2.compile(expression), replacement) for expression, replacement in _RULES)
_ALREADY = re2.compile(r"(?i)" + _KEY + r"['\"]?\s*(?:=|:|=>)\s*['\"]?" + _MASKED)


def redact(text: str) -> str:
    """`text` with every secret that a rule knows replaced by `[redacted:<kind>]`."""
    for expression, replacement in _COMPILED[:-1]:
        text = expression.sub(replacement, text)
    if _ALREADY.search(text):
        return text
    expression, replacement = _COMPILED[-1]
    return str(expression.sub(replacement, text))
