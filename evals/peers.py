"""What one would do without us, measured in the same run: keywords, and the last exception line.

The keywords are those that alerting rules and log tools commonly match, in the order in which such
rules are written; nothing here was tuned to the cases.
"""

from __future__ import annotations

import re

_KEYWORDS = (
    (r"no module named|command not found|not installed", "missing_dependency"),
    (r"broken dag|failed to import", "dag_definition_error"),
    (r"out of memory|oom|memoryerror|return code -9", "out_of_memory"),
    (r"no space left", "disk_full"),
    (r"zombie|sigkill|sigterm|heartbeat", "worker_lost"),
    (r"rate limit|too many requests|429|quota|throttl", "rate_limit_quota"),
    (r"unauthorized|401|authentication failed|invalid credentials|access key", "authentication"),
    (r"permission denied|forbidden|403|access denied|accessdenied", "permission"),
    (r"timed? ?out|timeout", "timeout"),
    (r"connection refused|connection reset|could not connect|name or service", "network"),
    (r"conn_id|variable .* does not exist|isn't defined", "configuration_error"),
    (r"not found|no such file|does not exist|404", "resource_not_found"),
    (r"externally set|upstream_failed|skipp", "cancelled_or_upstream"),
    (r"\b50[0234]\b|service unavailable|internal server error", "external_service_error"),
    (r"serializ|pickl|xcom", "serialization_xcom"),
    (r"violates|duplicate key|invalid value|parse|decode", "data_error"),
    (r"error|exception", "code_error"),
)
_EXCEPTION = re.compile(r"(?m)^.*\b\w*(?:Error|Exception|Timeout)\b.*$")


def keyword_family(text: str) -> str:
    """The family of the first keyword that stands anywhere in the log; "unknown" for none."""
    low = text.lower()
    return next((f for pattern, f in _KEYWORDS if re.search(pattern, low)), "unknown")


def last_exception_line(text: str) -> str:
    """The last line that names an error, an exception or a time-out; "" for none."""
    found = _EXCEPTION.findall(text)
    return found[-1] if found else ""
