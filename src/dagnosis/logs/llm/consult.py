"""Ask a language model about one failed log, and decide what its answer is worth.

**The text of a log may not move the family.** A model reads what strangers wrote, so it is believed
only where all of this holds:

1. the local answer is unsure: a sure one keeps its family, whatever a model says;
2. the answer cites a line of the window by its number and its words: what was logged as fine, speaks
   to a model, or names a family that the rules do not read in it, was never sent (`window`);
3. what the rules say about the cited lines alone is not, surely, another family;
4. the confidence, of which a part goes with each citation that did not stand, is higher than that
   of the local answer. No answer of a model is surer than `CAP`: what models say of themselves is
   not calibrated.

Where any of it fails, or the model does, the local answer stands, and a gap says why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import re2

from dagnosis.errors import DagnosisError
from dagnosis.logs.candidate import Candidate, quote
from dagnosis.logs.causes.catalogue import catalogue
from dagnosis.logs.causes.verdict import Verdict, structural
from dagnosis.logs.diagnosers.placement import place
from dagnosis.logs.diagnosers.rules import BAR, MAX_QUOTE, Finding
from dagnosis.logs.llm.account import Account
from dagnosis.logs.llm.answer import Answer, Unusable, read, schema
from dagnosis.logs.llm.budget import Exhausted
from dagnosis.logs.llm.guard import speaks_to_a_model
from dagnosis.logs.llm.prompt import offered, question
from dagnosis.logs.llm.verify import surviving
from dagnosis.logs.llm.window import Line, Window, plain, reduce
from dagnosis.logs.masking import mask
from dagnosis.logs.parsing import ParsedLog
from dagnosis.logs.redaction import redact
from dagnosis.model import Evidence, RankedCause, RetryAdvice, Role
from dagnosis.settings import Settings

CAP = 0.75
"""A model is not believed to be surer than this."""
SURE = 4.0
"""Weight from which what the rules say about a line stands against a model."""


class Consultation(msgspec.Struct, frozen=True):
    """What became of the question. `finding` is the one to go on with: the local one, with a gap
    that says why, unless `won`. `note` is one line for a person; tokens and money are of this call,
    0 where a kept answer was used; `refused` says that the budget did not allow it."""

    finding: Finding | None
    won: bool = False
    note: str = ""
    model: str = ""
    tokens: int = 0
    cost: float = 0.0
    seconds: float = 0.0
    kept: bool = False
    refused: bool = False


class Consultant:
    """Asks an account's model about failed logs; share one in a process."""

    def __init__(
        self,
        settings: Settings,
        account: Account | None = None,
        tell: Callable[[Consultation], None] | None = None,
    ) -> None:
        """`tell` is told of each consultation.

        Raises `WrongUse` where no account is given and the settings name no model that can be used.
        """
        self.settings = settings
        self.account = account or Account(settings)
        self._tell = tell

    def ask(self, log: ParsedLog, finding: Finding | None, fingerprint: str) -> Consultation:
        """Ask about one log after its local answer. Never raises; takes the timeout at most.

        Not asked where the log tells of no failure, or the local answer is sure and the setting
        `llm_when` is not "always".
        """
        consultation = self._ask(log, finding, fingerprint)
        if self._tell:
            self._tell(consultation)
        return consultation

    def _ask(self, log: ParsedLog, finding: Finding | None, fingerprint: str) -> Consultation:
        if finding is None:
            return Consultation(None, note="not asked: no failure in this log")
        sure = finding.verdict is not None and finding.confidence >= self.settings.llm_unsure_below
        if sure and self.settings.llm_when != "always":
            return Consultation(
                finding, note=f"not asked: the local answer is sure ({finding.confidence:.0%})"
            )
        try:
            return self._consult(log, finding, fingerprint, sure)
        except DagnosisError as error:
            why = str(error).rstrip(".")
            stands = _stands(finding, self.account.name, f"The language model was not used: {why}.")
            return msgspec.structs.replace(stands, refused=isinstance(error, Exhausted))
        except Exception as error:  # never the local answer's fate
            why = f"{type(error).__name__}: {error}"[:200]
            return _stands(finding, self.account.name, f"The language model was not used: {why}.")

    def _consult(
        self, log: ParsedLog, finding: Finding, fingerprint: str, sure: bool
    ) -> Consultation:
        window = reduce(log, self.settings.llm_window_characters)
        details = offered(finding.ranked)
        prompt = question(window, details, schema(details))
        # what was asked under the eyes of a suspicious line answers for this log alone
        about = window.digest() if window.touched or not fingerprint else fingerprint
        told = self.account.ask(self.account.key("diagnosis", about), prompt)
        try:
            answer = read(told.text, details)
        except Unusable as error:
            found = _stands(
                finding, self.account.name, f"The language model was not used: {error}."
            )
        else:
            answer = _moved(answer, window) if told.kept else answer
            found = self._decide(answer, window, log, finding, sure)
        return msgspec.structs.replace(
            found, tokens=told.tokens, cost=told.cost, seconds=told.seconds, kept=told.kept
        )

    def _decide(
        self, answer: Answer, window: Window, log: ParsedLog, finding: Finding, sure: bool
    ) -> Consultation:
        name = self.account.name
        says = f"{name} reads {answer.detail or answer.family}"
        cited = surviving(answer, window)
        local = finding.verdict.family if finding.verdict else "unknown"
        if answer.family == "unknown":
            return _stands(finding, name, note=f"{name} names no cause either")
        if answer.family == local:
            return Consultation(finding, note=f"{name} agrees: {answer.family}", model=name)
        if not cited:
            return _stands(
                finding,
                name,
                f"{says}, but cites no line of the log for it; its answer is not used.",
            )
        if sure:
            where = ", ".join(str(line.number) for line in cited)
            return _stands(
                finding,
                name,
                f"{says} in line {where}; the rules are sure and their answer stands.",
            )
        against = _rules_against(
            answer.family,
            [window.candidates[line.number] for line in cited if line.number in window.candidates],
        )
        if against:
            return _stands(finding, name, f"{says}, but the line that it cites states {against}.")
        share = len(cited) / max(len(answer.citations), 1)
        confidence = round(min(answer.confidence, CAP) * share, 3)
        if confidence < BAR or (finding.verdict and confidence <= finding.confidence):
            return _stands(finding, name, f"{says}, no surer than the local answer.")
        return Consultation(
            _won(answer, confidence, cited, log, finding), won=True, note=says, model=name
        )


def _stands(finding: Finding, model: str, gap: str = "", note: str = "") -> Consultation:
    """The local finding, with a gap that says why the model's answer is not used."""
    gaps = (*finding.gaps, gap) if gap else finding.gaps
    return Consultation(msgspec.structs.replace(finding, gaps=gaps), note=note or gap, model=model)


def _rules_against(family: str, cited: Sequence[Candidate]) -> str:
    """The cause that the rules are sure of in the cited lines, where it is of another family."""
    for candidate in cited:
        verdict = place(candidate)
        if verdict and verdict.family != family and not verdict.symptom and verdict.weight >= SURE:
            return verdict.detail
    return ""


def _moved(answer: Answer, window: Window) -> Answer:
    """A kept answer with its citations at the lines of this log that say the same, variables aside.

    Citations of lines that are not there stay, and fall when they are verified.
    """
    places: dict[str, Line] = {}
    for line in window.lines:
        places.setdefault(mask(line.text), line)
    moved = []
    for cited in answer.citations:
        said = mask(cited.quote.strip())
        here = next((line for shape, line in places.items() if said and said in shape), None)
        if here:
            cited = msgspec.structs.replace(cited, line=here.number, quote=here.text)
        moved.append(cited)
    return msgspec.structs.replace(answer, citations=tuple(moved))


# ---------------------------------------------------------------- an answer that won


def _won(
    answer: Answer,
    confidence: float,
    lines: Sequence[Line],
    log: ParsedLog,
    finding: Finding,
) -> Finding:
    verdict = _verdict(answer)
    ranked = RankedCause(answer.family, verdict.detail, confidence)
    others = tuple(cause for cause in finding.ranked if cause.detail != verdict.detail)
    return msgspec.structs.replace(
        finding,
        verdict=verdict,
        confidence=confidence,
        ranked=(ranked, *others)[:5],
        evidence=_evidence(lines, log, finding, confidence),
        gaps=(*_gaps_left(finding), "A language model named the cause; the rules know none here."),
    )


def _gaps_left(finding: Finding) -> tuple[str, ...]:
    """The gaps that stay when a cause was found after all."""
    return tuple(gap for gap in finding.gaps if "no cause that is known here" not in gap)


def _verdict(answer: Answer) -> Verdict:
    """A cause of ours where the model named one, with our steps; else its words, as far as they are
    harmless."""
    if answer.detail in catalogue().causes:
        return structural(answer.detail)
    said = harmless(answer.explanation)
    transience = answer.transience
    action: dict[str, RetryAdvice] = {
        "transient": RetryAdvice("retry", 60, "A language model takes it for transient."),
        "permanent": RetryAdvice("fail", None, "A language model takes it for permanent."),
    }
    return Verdict(
        detail=f"{answer.family}.by_language_model",
        family=answer.family,
        title=said or "A cause that a language model named",
        weight=1.0,
        transience=transience,
        retry=action.get(transience, RetryAdvice("default")),
        fix=tuple(step for step in map(harmless, answer.fix) if step),
    )


_RISKY = re2.compile(
    r"(?i)[a-z][a-z0-9+.-]*://|\bwww\.|\||`|\$\(|&&|;|\b(?:curl|wget|sudo|chmod|rm|eval|base64|nc|bash|sh|powershell)\b\s+-?\S"
)


def harmless(text: str) -> str:
    """What a model wrote for people, redacted; empty where it holds an address or a command, which
    the log might have put there."""
    text = redact(plain(text)).strip()
    return "" if _RISKY.search(text) or speaks_to_a_model(text) else text


def _evidence(
    lines: Sequence[Line], log: ParsedLog, finding: Finding, confidence: float
) -> tuple[Evidence, ...]:
    """The cited lines as the log has them, then those that the rules quote, as many as before."""
    quoted = {line.line: line for line in finding.evidence}
    texts = log.by_number()
    evidence: list[Evidence] = []
    for line in lines:
        role: Role = "context" if evidence else "cause"
        known = quoted.pop(line.number, None)
        if known:
            evidence.append(msgspec.structs.replace(known, role=role))
        else:
            said = quote(texts[line.number])[:MAX_QUOTE]
            evidence.append(Evidence(line.number, said, role, confidence))
    rest = [msgspec.structs.replace(line, role="context") for line in quoted.values()]
    return tuple((evidence + rest)[: max(len(finding.evidence), len(evidence), 1)])
