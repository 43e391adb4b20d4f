"""A language model, what it may cost, and what it has already answered."""

from __future__ import annotations

from pathlib import Path

import msgspec

from dagnosis.logs.llm.budget import Budget, Exhausted, Limits
from dagnosis.logs.llm.cache import Cache, key
from dagnosis.logs.llm.edge import LanguageModel, PydanticAI, Unanswered, provider_of, tokens
from dagnosis.logs.llm.prompt import VERSION, Prompt
from dagnosis.settings import Settings

FAILURES = 2
"""Calls that fail one after the other before the model is given up for this process."""
KEPT_TEXT = 64 << 10
"""Characters of an answer that are kept; a longer one is asked for again."""


class Told(msgspec.Struct, frozen=True):
    """What a model wrote, and what it took: nothing where it was `kept`."""

    text: str
    tokens: int = 0
    cost: float = 0.0
    seconds: float = 0.0
    kept: bool = False


class Account:
    """The one way to ask a model: each question once, within the budget. Share one in a process."""

    def __init__(
        self, settings: Settings, model: LanguageModel | None = None, folder: Path | None = None
    ) -> None:
        """`folder` holds ledger and kept answers instead of the user's folders.

        Raises `WrongUse` where no model is given and the settings name none that can be used.
        """
        self.model = model or PydanticAI(provider_of(settings))
        self.budget = Budget(limits_of(settings), folder and folder / "llm-usage.sqlite3")
        self.cache = Cache(folder and folder / "llm-answers.sqlite3")
        self._answer_tokens = settings.llm_answer_tokens
        self._failures = 0

    @property
    def name(self) -> str:
        """The model's name and place."""
        return self.model.name

    def key(self, *about: str) -> str:
        """The key of a question of this model and this version of the prompts."""
        return key(VERSION, self.model.name, *about)

    def ask(self, about: str, prompt: Prompt) -> Told:
        """The kept answer to the question `about` (a key), or one call.

        Raises `Exhausted`, `ServiceUnreachable`, `WrongUse`.
        """
        known = self.cache.get([about]).get(about)
        if known is not None:
            return Told(known, kept=True)
        told = self.call(prompt)
        if len(told.text) <= KEPT_TEXT:
            self.cache.put({about: told.text})
        return told

    def call(self, prompt: Prompt) -> Told:
        """One call within the budget, whatever is kept. Raises as `ask` does."""
        if self._failures >= FAILURES:
            raise Exhausted(f"{self.name} failed {FAILURES} times one after the other")
        likely = tokens(prompt.instructions + prompt.data)
        booking = self.budget.book(likely, self._answer_tokens)
        try:
            reply = self.model.answer(prompt)
        except Unanswered as error:
            self._failures += 1
            if error.retry_after:
                self.budget.pause(error.retry_after)
            raise
        self._failures = 0
        cost = self.budget.settle(booking, reply.sent, reply.answered, reply.seconds)
        return Told(reply.text, reply.sent + reply.answered, cost, reply.seconds)


def limits_of(settings: Settings) -> Limits:
    """The budget that the settings state."""
    return Limits(
        calls_per_process=settings.llm_max_calls,
        calls=settings.llm_max_calls_per_day,
        tokens=settings.llm_max_tokens_per_day,
        seconds=settings.llm_max_seconds_per_day,
        cost=settings.llm_max_cost_per_day,
        price_input=settings.llm_price_input,
        price_output=settings.llm_price_output,
    )
