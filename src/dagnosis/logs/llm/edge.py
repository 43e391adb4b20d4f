"""The one door to a language model: `LanguageModel`, and pydantic-ai behind it.

One call is one HTTP request: no retries, no tools, no redirects to another host, an answer of
bounded size, within a time that holds for the whole of it. pydantic-ai is imported with the first
call (the extra `llm`).
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import msgspec

from dagnosis.errors import ServiceUnreachable, WrongUse
from dagnosis.logs.llm.prompt import Prompt

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from dagnosis.settings import Settings

MISSING = "the language model needs more packages: pip install 'dagnosis[llm]'"
MOST_BYTES = 1 << 20
"""Bytes of an answer that are read; a larger one is refused."""
KEY_VARIABLES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
"""The variable that holds the key where `llm_api_key_env` names none."""


class Reply(msgspec.Struct, frozen=True):
    """What a model wrote, and what it took: tokens (estimated where the service counts none) and
    seconds."""

    text: str
    sent: int
    answered: int
    seconds: float


class LanguageModel(Protocol):
    """A model that answers one question at a time. `name` tells it from others, in caches and notes."""

    name: str

    def answer(self, prompt: Prompt) -> Reply:
        """The answer to a question, in the form of its schema if all goes well.

        Raises `ServiceUnreachable` (`retry_after` seconds where the service named a time), and
        `WrongUse` where it is set up wrongly.
        """
        ...


class Unanswered(ServiceUnreachable):
    """The service did not answer. `retry_after` is in seconds, None where it named no time."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Provider(msgspec.Struct, frozen=True):
    """Where a model is: `kind` is openai, anthropic or openai-compatible."""

    kind: str
    model: str
    base_url: str
    key: str
    timeout: float
    answer_tokens: int


def provider_of(settings: Settings) -> Provider:
    """The provider that is set up. Raises `WrongUse` that names the setting which is missing."""
    kind = settings.llm_provider
    if not kind:
        raise WrongUse(
            "no language model is set up: set llm_provider and llm_model (see docs/howto/llm.md)"
        )
    if not settings.llm_model:
        raise WrongUse(f"llm_model is not set: name the model that {kind} is to use")
    if kind == "openai-compatible" and not settings.llm_base_url:
        raise WrongUse("llm_base_url is not set; for Ollama it is http://localhost:11434/v1")
    if settings.llm_base_url and urlsplit(settings.llm_base_url).scheme not in ("http", "https"):
        raise WrongUse(f"llm_base_url: {settings.llm_base_url!r} is no http or https address")
    variable = settings.llm_api_key_env or KEY_VARIABLES.get(kind, "")
    key = os.environ.get(variable, "") if variable else ""
    if variable and not key:
        raise WrongUse(f"the variable {variable} with the key of the language model is not set")
    if settings.llm_max_cost_per_day and not settings.llm_price_input + settings.llm_price_output:
        raise WrongUse("llm_max_cost_per_day needs llm_price_input and llm_price_output")
    return Provider(
        kind=kind,
        model=settings.llm_model,
        base_url=settings.llm_base_url,
        key=key,
        timeout=settings.llm_timeout_seconds,
        answer_tokens=settings.llm_answer_tokens,
    )


class PydanticAI:
    """A `LanguageModel` over pydantic-ai. Cheap to make; safe to share between threads."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        place = urlsplit(provider.base_url).netloc if provider.base_url else provider.kind
        self.name = f"{provider.model} at {place}"

    def answer(self, prompt: Prompt) -> Reply:
        """One request; see `LanguageModel.answer`. Returns or raises within the timeout."""
        _load(self.provider.kind)
        started = time.perf_counter()
        response = _within(self.provider.timeout, self._request, prompt)
        text = response.text or ""
        usage = response.usage
        return Reply(
            text=text,
            sent=usage.input_tokens or tokens(prompt.instructions + prompt.data),
            answered=usage.output_tokens or tokens(text),
            seconds=round(time.perf_counter() - started, 3),
        )

    async def _request(self, prompt: Prompt) -> Any:
        from pydantic_ai.direct import model_request
        from pydantic_ai.exceptions import AgentRunError, ModelHTTPError, UserError
        from pydantic_ai.messages import ModelRequest, UserPromptPart
        from pydantic_ai.models import ModelRequestParameters
        from pydantic_ai.output import OutputObjectDefinition
        from pydantic_ai.settings import ModelSettings

        settings = ModelSettings(
            max_tokens=self.provider.answer_tokens,
            max_retries=0,
            request_timeout=self.provider.timeout,
        )
        if self.provider.kind == "openai-compatible":
            settings["temperature"] = 0.0  # models with thoughts of their own refuse it
        async with _client(self.provider.timeout) as client:
            try:
                model = _model(self.provider, client)
                native = model.profile.get("supports_json_schema_output", False)
                return await model_request(
                    model,
                    [
                        ModelRequest(
                            parts=[UserPromptPart(prompt.data)], instructions=prompt.instructions
                        )
                    ],
                    model_settings=settings,
                    model_request_parameters=ModelRequestParameters(
                        output_mode="native" if native else "prompted",
                        output_object=OutputObjectDefinition(prompt.schema, name=prompt.name),
                    ),
                )
            except ModelHTTPError as error:
                raise Unanswered(_refusal(error), getattr(error, "retry_after", None)) from None
            except (AgentRunError, UserError) as error:
                raise Unanswered(f"the language model gave no answer: {_brief(error)}") from None


def _load(kind: str) -> None:
    """What a provider needs, before the clock runs: the first time takes seconds."""
    family = "anthropic" if kind == "anthropic" else "openai"
    try:
        for module in ("direct", f"models.{family}", f"providers.{family}"):
            import_module(f"pydantic_ai.{module}")
    except ImportError:
        raise WrongUse(MISSING) from None


def _refusal(error: Any) -> str:
    told = {
        401: "refused the key",
        403: "refused the key",
        404: "does not know the model or the address",
        429: "has too many requests",
    }
    why = told.get(error.status_code, "failed" if error.status_code >= 500 else "refused")
    return f"the language model's service {why} (HTTP {error.status_code})"


def _brief(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def tokens(text: str) -> int:
    """About how many tokens a text is, rather too many than too few."""
    return len(text.encode("utf-8", "replace")) // 3 + 1


# ---------------------------------------------------------------- providers


def _model(provider: Provider, client: Any) -> Model:
    if provider.kind == "anthropic":
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        place = AnthropicProvider(
            api_key=provider.key, base_url=provider.base_url or None, http_client=client
        )
        return AnthropicModel(provider.model, provider=place)
    from pydantic_ai.models.openai import OpenAIChatModel

    if provider.kind == "openai":
        from pydantic_ai.providers.openai import OpenAIProvider

        hosted = OpenAIProvider(
            api_key=provider.key, base_url=provider.base_url or None, http_client=client
        )
        return OpenAIChatModel(provider.model, provider=hosted)
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    compatible = OpenAICompatibleProvider(
        "compatible",
        base_url=provider.base_url,
        api_key=provider.key or "none",
        http_client=client,
    )
    return OpenAIChatModel(provider.model, provider=compatible)


def _client(timeout: float) -> Any:
    """An HTTP client that follows no redirects and reads answers of bounded size."""
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        """The body of an answer, refused beyond `MOST_BYTES`."""

        def __init__(self, stream: Any) -> None:
            self.stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in self.stream:
                size += len(chunk)
                if size > MOST_BYTES:
                    raise Unanswered(
                        f"the language model's answer is larger than {MOST_BYTES} bytes"
                    )
                yield chunk

        async def aclose(self) -> None:
            await self.stream.aclose()

    async def bound(response: httpx2.Response) -> None:
        response.stream = Bounded(response.stream)

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(timeout, connect=min(timeout, 5.0)),
        follow_redirects=False,
        event_hooks={"response": [bound]},
    )


# ---------------------------------------------------------------- time


def _within(timeout: float, request: Any, prompt: Prompt) -> Any:
    """Run the request in a thread and event loop of its own: it works where a loop is running
    already, and a resolver that hangs is left behind rather than waited for."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(asyncio.run(request(prompt)))
        except BaseException as error:  # handed to the caller
            outcome.append(error)

    thread = threading.Thread(target=run, name="dagnosis-llm", daemon=True)
    thread.start()
    thread.join(timeout + 1)
    if not outcome:
        raise Unanswered(f"the language model did not answer within {timeout:g} s")
    if not isinstance(outcome[0], BaseException):
        return outcome[0]
    error = outcome[0]
    if isinstance(error, (ServiceUnreachable, WrongUse)):
        raise error
    raise Unanswered(f"the language model gave no answer: {_brief(error)}") from error
