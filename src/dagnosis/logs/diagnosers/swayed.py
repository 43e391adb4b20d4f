"""Words that are meant for a reader are no statement of a cause.

A log can hold sentences that strangers wrote, such as a note that asks whoever reads it for an answer.
Rules that know what a library prints are not moved by them; what goes by people's own words is: the
phrases of many languages and the trained model.
"""

from __future__ import annotations

import msgspec

from dagnosis.logs.diagnosers.rules import Finding

_BY_WORDS = (".in_words", ".by_its_words")


def unswayed(finding: Finding) -> Finding:
    """The finding, without its verdict where that rests on words that speak to a reader."""
    verdict = finding.verdict
    if verdict is None or not verdict.detail.endswith(_BY_WORDS):
        return finding
    from dagnosis.logs.llm.guard import speaks_to_a_model  # costs more than most diagnoses

    stating = finding.evidence[0].text if finding.evidence else finding.message
    if not (speaks_to_a_model(finding.message) or speaks_to_a_model(stating)):
        return finding
    return msgspec.structs.replace(
        finding,
        verdict=None,
        confidence=0.0,
        ranked=(),
        gaps=(
            "The line that is quoted first speaks to whoever reads the log; its words are not believed.",
        ),
        engine="rules",
    )
