"""Which words of a failure its fingerprint is made of."""

from __future__ import annotations

import re2

from dagnosis.logs.diagnosers.placement import owner
from dagnosis.logs.diagnosers.rules import Finding
from dagnosis.logs.fingerprint import fingerprint
from dagnosis.logs.parsing import ParsedLog


def name_of(parsed: ParsedLog, finding: Finding | None) -> str:
    """The fingerprint of a failure: named after what the log states, not after the cause that it was
    given. Empty where nothing failed."""
    if finding is None:
        return ""
    exception = finding.exception
    setting = _setting(parsed, finding.message)
    if exception is None:
        return fingerprint(("", finding.message, "", setting))
    frame = exception.frame
    function = frame.function if frame and owner(frame) == "user" else ""
    return fingerprint((exception.type.rpartition(".")[2], exception.message, function, setting))


_EXIT_CODE = re2.compile(r"(?i)\b(?:exit(?:ed)?|return|exit status) ?(?:with )?(?:code|status)\b")
_HEADING = re2.compile(r"(?i)\b(?:error|failure) in \w+ [\w.]+")


def _setting(parsed: ParsedLog, message: str) -> str:
    """What a sub-process printed that tells one failure from another with the same message.

    For a bare exit code that is its last words; for a line of dbt the heading above it, which names
    the model. Empty where there is no sub-process.
    """
    if not parsed.output:
        return ""
    bare = bool(_EXIT_CODE.search(message))
    before = ""
    for line in parsed.lines:
        if line.number not in parsed.output or not line.message.strip():
            continue
        if not bare and line.message.strip() == message.strip():
            break
        if not _EXIT_CODE.search(line.message):
            before = line.message
    return before if bare or _HEADING.search(before) else ""
