# ruff: noqa: E501 -- a table reads best with one row a line
"""Every exception that an SDK can raise has a category, and every error body is understood."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import anthropic
import groq
import httpx
import httpx2
import ollama
import openai
import pytest
from google import genai
from mistralai import client as mistral

from harness.contracts.errors import (
    ProviderAuthenticationFailed,
    ProviderBadRequest,
    ProviderError,
    ProviderServerError,
)
from harness.providers import errors
from harness.providers.adapter import Where
from harness.providers.error_tables import EXCEPTIONS, STATUS

WHERE = Where("p", "m")
ROOTS = (openai.OpenAIError, anthropic.AnthropicError, groq.GroqError)

UNUSED_PARTS = ("anthropic.lib.", "openai.lib.")
"""What no adapter touches: tool runners, Azure, Bedrock, agents. All the rest is mapped."""
OWN_USE = {"StreamAlreadyConsumed", "_AmbiguousModuleClientUsageError"}
"""Raised for a wrong use of the SDK: that would be a mistake in an adapter."""


def _below(cls: type[BaseException]) -> Iterator[type[BaseException]]:
    for child in cls.__subclasses__():
        yield child
        yield from _below(child)


def _sdk_exceptions() -> list[type[BaseException]]:
    found = {*ROOTS, *(child for root in ROOTS for child in _below(root))}
    return sorted(found, key=lambda cls: f"{cls.__module__}.{cls.__name__}")


def _mapping(cls: type[BaseException]) -> str | None:
    return next((base.__name__ for base in cls.__mro__ if base.__name__ in EXCEPTIONS), None)


def test_every_exception_of_the_sdks_is_mapped() -> None:
    exceptions = _sdk_exceptions()
    assert len(exceptions) > 60
    by_root_alone = [
        f"{cls.__module__}.{cls.__name__}"
        for cls in exceptions
        if cls not in ROOTS
        and _mapping(cls) in ("OpenAIError", "AnthropicError", "GroqError")
        and cls.__name__ not in OWN_USE
        and not cls.__module__.startswith(UNUSED_PARTS)
    ]
    assert by_root_alone == [], "give each a category in harness.providers.error_tables"


def test_every_public_exception_of_the_sdks_is_mapped() -> None:
    for module in (openai, anthropic, groq):
        for name in module.__all__:
            if name.endswith("Error"):
                assert _mapping(getattr(module, name)), f"{module.__name__}.{name}"


def test_every_exception_of_the_transport_is_mapped() -> None:
    for library in (httpx2, httpx):
        for cls in {*_below(library.RequestError), *_below(library.StreamError)}:
            assert _mapping(cls), cls


LOADED = (genai, mistral, ollama)
"""SDKs whose exceptions have no root of their own."""
OTHER_APIS = ("google.genai._gaos.", "google.genai._interactions", "mistralai.extra.")
"""Interactions, agents, speech: APIs that no adapter touches."""
LOCAL_MISTAKES = {
    "FunctionInvocationError", "UnknownFunctionCallArgumentError", "UnsupportedFunctionError",
    "TemporaryError", "PermanentError",
}  # fmt: skip
"""Of functions that the SDK would call itself, and of its own retries: neither is used."""


def _loaded_exceptions() -> set[type[Exception]]:
    roots = ("google.genai.", "mistralai.", "ollama.")
    return {
        cls
        for cls in _below(Exception)
        if f"{cls.__module__}.".startswith(roots)
        and issubclass(cls, Exception)
        and not issubclass(cls, Warning)
        and not f"{cls.__module__}.".startswith(OTHER_APIS)
        and not cls.__module__.startswith("google.auth")
    }


def test_every_exception_of_the_sdks_without_a_root_is_mapped() -> None:
    for name in mistral.errors.__all__:
        getattr(mistral.errors, name)  # loads its module
    exceptions = _loaded_exceptions()
    assert {cls.__name__ for cls in exceptions} >= {"ClientError", "SDKError", "ResponseError"}
    left = {cls.__name__ for cls in exceptions if errors.find_kind(cls) is None}
    assert left <= LOCAL_MISTAKES, "give each a category in harness.providers.error_tables"


def test_statuses_of_the_sdks_that_name_their_parts_differently() -> None:
    request = httpx2.Request("POST", "https://example.org/v1")
    busy = {"error": {"code": 429, "message": "later", "status": "RESOURCE_EXHAUSTED"}}
    response = httpx2.Response(429, request=request, json=busy, headers={"retry-after": "3"})
    for exc in (
        genai.errors.ClientError(429, busy, response),
        mistral.errors.SDKError("API error occurred", response, response.text),
        ollama.ResponseError("later", 429),
    ):
        error = errors.error_of_exception(exc, WHERE)
        assert error is not None and error.code == "provider.rate_limit", exc
        assert error.message == "p/m: 429: later"


def test_google_asks_for_a_delay_in_the_body() -> None:
    kind = "type.googleapis.com/google.rpc.RetryInfo"
    body = {"error": {"code": 429, "details": [{"@type": kind, "retryDelay": "34.5s"}]}}
    assert errors.error_of_answer(429, body, {}, WHERE).retry_after == 34.5
    bad = {"error": {"code": 400, "message": "no", "details": [{"reason": "API_KEY_INVALID"}]}}
    assert errors.error_of_answer(400, bad, {}, WHERE).code == "provider.authentication"


def test_status_exceptions_are_told_by_their_status() -> None:
    request = httpx2.Request("POST", "https://example.org/v1")
    for cls in _sdk_exceptions():
        status = getattr(cls, "status_code", None)
        if not isinstance(status, int):
            continue
        response = httpx2.Response(status, request=request, headers={"retry-after": "3"})
        made: Any = cls
        words = () if cls is openai.OAuthError else ("no",)
        error = errors.error_of_exception(made(*words, response=response, body=None), WHERE)
        expected = STATUS.get(status) or (
            ProviderServerError if status >= 500 else ProviderBadRequest
        )
        assert error is not None
        assert type(error) is expected, cls
        assert error.retry_after == 3.0


def test_foreign_exceptions_are_left_alone() -> None:
    for exc in (ValueError("x"), TypeError("x"), KeyError("x"), ConnectionError("x")):
        assert errors.error_of_exception(exc, WHERE) is None


def test_the_aiohttp_transport_calls_a_refused_connection_a_timeout() -> None:
    class ClientConnectionError(Exception): ...

    class ServerTimeoutError(ClientConnectionError, TimeoutError): ...

    request = httpx2.Request("POST", "https://example.org/v1")
    for cause, expected in (
        (ClientConnectionError(), "network"),
        (ServerTimeoutError(), "timeout"),
    ):
        exc = openai.APITimeoutError(request)
        exc.__cause__ = httpx2.ConnectTimeout("Cannot connect")
        exc.__cause__.__cause__ = cause
        error = errors.error_of_exception(exc, WHERE)
        assert error is not None and error.code == f"provider.{expected}"


BODIES: list[tuple[str, int, object, str]] = [
    ("openai quota", 429, {"error": {"type": "insufficient_quota", "code": "insufficient_quota", "message": "m"}}, "quota"),
    ("openai context", 400, {"error": {"type": "invalid_request_error", "code": "context_length_exceeded", "message": "m"}}, "context_overflow"),
    ("openai generic type", 403, {"error": {"type": "invalid_request_error", "code": None, "message": "m"}}, "permission"),
    ("the sdk strips the outer key", 404, {"message": "m", "type": "invalid_request_error", "code": "model_not_found"}, "not_found"),
    ("anthropic details", 429, {"error": {"type": "rate_limit_error", "message": "m", "details": {"error_code": "enforced_spend_limit_reached"}}}, "quota"),
    ("anthropic says less than the status", 408, {"error": {"type": "api_error", "message": "m"}}, "timeout"),
    ("groq too large for the minute", 413, {"error": {"message": "Request too large for model on tokens per minute (TPM)", "type": "tokens"}}, "rate_limit"),
    ("groq call that does not parse", 400, {"error": {"message": "m", "type": "invalid_request_error", "code": "tool_use_failed"}}, "invalid_reply"),
    ("gemini list", 429, [{"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}], "rate_limit"),
    ("mistral detail", 422, {"object": "error", "message": {"detail": [{"msg": "Extra inputs"}]}}, "bad_request"),
    ("ollama", 404, {"error": "model 'x' not found"}, "not_found"),
    ("vllm", 400, {"object": "error", "message": "This model's maximum context length is 4096 tokens", "type": "BadRequestError", "code": 400}, "context_overflow"),
    ("a text", 500, "upstream connect error", "server"),
    ("nothing", 502, None, "server"),
    ("an empty list", 500, [], "server"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "category"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES]
)
def test_error_bodies(status: int, body: object, category: str) -> None:
    error = errors.error_of_answer(status, body, {}, WHERE)
    assert error.code == f"provider.{category}"
    assert error.message.startswith(f"p/m: {status}")


def test_an_error_event_without_a_status() -> None:
    assert errors.error_of_event({"error": {"type": "invalid_request_error"}}, WHERE).code.endswith(
        "request"
    )
    assert (
        errors.error_of_event({"code": "rate_limit_exceeded"}, WHERE).code == "provider.rate_limit"
    )
    assert errors.error_of_event({}, WHERE).code == "provider.server"


def test_retry_after() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    read = errors.retry_after
    assert read({"retry-after": "7"}) == 7.0
    assert read({"retry-after": "1.5"}) == 1.5
    assert read({"retry-after-ms": "250", "retry-after": "7"}) == 0.25
    assert read({"retry-after": soon}) == pytest.approx(30, abs=5)
    assert read({"retry-after": past}) is None
    for odd in ("", "soon", "0", "-1", "nan", "-inf", "1.2.3", "1e999x", "\x00"):
        assert read({"retry-after": odd}) is None, odd
        assert read({"retry-after-ms": odd, "retry-after": "7"}) in (None, 7.0), odd
    long = ("99999999999", "1e300", "inf", "Fri, 31 Dec 9999 23:59:59 GMT", "3601")
    for each in long:
        assert read({"retry-after": each}) == errors.MAX_WAIT, each
    assert read({}) is None


def test_messages_are_short_one_line_and_without_keys() -> None:
    where = Where("p", "m", ("my-own-key-1234",))
    text = "bad key my-own-key-1234\nor sk-proj-abcdefghijklmnop " + "x" * 5000
    error = errors.make_error(ProviderAuthenticationFailed, text, where)
    assert isinstance(error, ProviderError)
    assert "my-own-key" not in error.message
    assert "sk-proj" not in error.message
    assert "\n" not in error.message
    assert len(error.message) <= 600
