"""The door to providers: what is sent, what is refused, and that nothing heavy is loaded before."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time

import pytest

from dagnosis.errors import WrongUse
from dagnosis.logs.llm.answer import schema
from dagnosis.logs.llm.edge import Provider, PydanticAI, Unanswered, provider_of
from dagnosis.logs.llm.prompt import Prompt
from dagnosis.settings import Settings
from evals.doubles import Request, Response, Server, says
from tests.logs.llm.conftest import answer

PROMPT = Prompt("Say what it is.", "<log>\n1| a\n</log>", schema(()), "diagnosis")


def provider(kind: str, url: str, **changes: object) -> Provider:
    values = {
        "kind": kind,
        "model": "some-model",
        "base_url": url,
        "key": "sk-canary",
        "timeout": 60.0,
        "answer_tokens": 300,
    }
    return Provider(**{**values, **changes})  # type: ignore[arg-type]


def anthropic(request: Request) -> Response:
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": [{"type": "text", "text": json.dumps(answer())}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 11, "output_tokens": 7},
    }
    return Response(json.dumps(body).encode())


@pytest.mark.parametrize("kind", ["openai-compatible", "openai"])
def test_one_request_with_the_schema_and_no_tools(server: Server, kind: str) -> None:
    reply = PydanticAI(provider(kind, server.url)).answer(PROMPT)
    assert json.loads(reply.text)["family"] == "external_service_error"
    assert (reply.sent, reply.answered) == (900, 60)
    (request,) = server.requests
    assert "tools" not in request
    assert request["response_format"]["json_schema"]["schema"]["properties"]["family"]["enum"]
    assert [message["role"] for message in request["messages"]] == ["system", "user"]
    assert server.headers[0]["authorization"] == "Bearer sk-canary"


@pytest.mark.parametrize("model", ["claude-sonnet-5", "claude-3-haiku-20240307"])
def test_anthropic(server: Server, model: str) -> None:
    server.double = anthropic
    url = server.url.removesuffix("/v1")
    reply = PydanticAI(provider("anthropic", url, model=model)).answer(PROMPT)
    assert json.loads(reply.text)["citations"]
    assert (reply.sent, reply.answered) == (11, 7)
    (request,) = server.requests
    assert not request.get("tools")
    assert "external_service_error" in json.dumps(request)  # the schema, natively or in words


def test_a_service_that_counts_no_tokens(server: Server) -> None:
    def silent(_: Request) -> Response:
        body = json.loads(says(answer())({}).body)
        del body["usage"]
        return Response(json.dumps(body).encode())

    server.double = silent
    reply = PydanticAI(provider("openai-compatible", server.url)).answer(PROMPT)
    assert reply.sent > 5
    assert reply.answered > 50


def test_it_works_where_a_loop_is_running(server: Server) -> None:
    async def inside() -> str:
        return PydanticAI(provider("openai-compatible", server.url)).answer(PROMPT).text

    assert "family" in asyncio.run(inside())


def test_a_trickle_is_cut_off_at_the_timeout(server: Server) -> None:
    """A server that sends its headers in time and its body never."""
    server.double = lambda _: Response(b'{"id": ', announced=10_000_000)
    started = time.monotonic()
    with pytest.raises(Unanswered):
        PydanticAI(provider("openai-compatible", server.url, timeout=1.0)).answer(PROMPT)
    assert time.monotonic() - started < 60


def test_the_key_is_in_no_message(server: Server) -> None:
    server.double = lambda _: Response(b'{"error": {"message": "bad key sk-canary"}}', 401)
    with pytest.raises(Unanswered) as caught:
        PydanticAI(provider("openai-compatible", server.url)).answer(PROMPT)
    assert "sk-canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "llm_provider"),
        ({"llm_provider": "openai"}, "llm_model"),
        ({"llm_provider": "openai-compatible", "llm_model": "m"}, "llm_base_url"),
        ({"llm_provider": "openai", "llm_model": "m"}, "OPENAI_API_KEY"),
        ({"llm_provider": "anthropic", "llm_model": "m", "llm_api_key_env": "MINE"}, "MINE"),
        (
            {"llm_provider": "openai-compatible", "llm_model": "m", "llm_base_url": "file:///etc"},
            "no http",
        ),
    ],
)
def test_wrong_settings_are_named(
    changes: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(WrongUse, match=says):
        provider_of(Settings(**changes))  # type: ignore[arg-type]


def test_nothing_heavy_is_loaded_before_a_question() -> None:
    code = (
        "import sys; from dagnosis.logs.llm.consult import Consultant;"
        "from dagnosis.settings import Settings;"
        "Consultant(Settings(llm_provider='openai-compatible', llm_model='m', "
        "llm_base_url='http://127.0.0.1:9/v1'));"
        "print(sorted({'pydantic', 'pydantic_ai', 'openai', 'httpx', 'httpx2'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_without_the_extra_it_says_what_to_install() -> None:
    code = (
        "import sys\n"
        "sys.modules['pydantic_ai'] = None\n"
        "from dagnosis.logs.llm.edge import *\n"
        "p = Provider('openai', 'm', '', 'k', 1.0, 9)\n"
        "try: PydanticAI(p).answer(Prompt('', '', {}, 'x'))\n"
        "except WrongUse as error: print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'dagnosis[llm]'" in ran.stdout
