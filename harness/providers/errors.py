"""From what the SDKs raise and the providers say to the categories of ProviderError."""

from __future__ import annotations

import math
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from harness.commons.redact import redact
from harness.contracts.errors import ProviderError
from harness.providers.adapter import Where

BY_STATUS = "by status"
MAX_WAIT = 3600.0
"""Seconds that a provider may make a run wait before the next attempt, whatever it asks for."""


class Refused(Exception):
    """Raised below the SDKs, which wrap it in an exception of theirs."""

    def __init__(self, category: str, text: str) -> None:
        super().__init__(text)
        self.category = category


EXCEPTIONS: dict[str, str] = {
    # Both SDKs, by the name of the class or of its nearest ancestor here. A test fails when an
    # SDK has an exception that nothing here but its root covers.
    "APIError": "server",
    "APIStatusError": BY_STATUS,
    "APIConnectionError": "network",
    "APITimeoutError": "timeout",
    "APIResponseValidationError": "invalid_reply",
    "BadRequestError": BY_STATUS,
    "AuthenticationError": BY_STATUS,
    "PermissionDeniedError": BY_STATUS,
    "NotFoundError": BY_STATUS,
    "ConflictError": BY_STATUS,
    "UnprocessableEntityError": BY_STATUS,
    "RateLimitError": BY_STATUS,
    "InternalServerError": BY_STATUS,
    # openai
    "OpenAIError": "authentication",  # raised bare where no credentials were given
    "OAuthError": BY_STATUS,
    "SubjectTokenProviderError": "authentication",
    "LengthFinishReasonError": "invalid_reply",
    "ContentFilterFinishReasonError": "refusal",
    "WebSocketConnectionClosedError": "network",
    "WebSocketQueueFullError": "network",
    "InvalidWebhookSignatureError": "invalid_reply",
    # anthropic
    "AnthropicError": "authentication",
    "APIWebhookValidationError": "invalid_reply",
    "PaymentRequiredError": BY_STATUS,
    "RequestTimeoutError": BY_STATUS,
    "PreconditionFailedError": BY_STATUS,
    "ContentTooLargeError": BY_STATUS,
    "RequestHeaderFieldsTooLargeError": BY_STATUS,
    "ClientClosedRequestError": BY_STATUS,
    "HTTPNotImplementedError": BY_STATUS,
    "ServiceUnavailableError": BY_STATUS,
    "GatewayTimeoutError": BY_STATUS,
    "OverloadedError": BY_STATUS,
    "RetryableError": "server",
    "CredentialsError": "authentication",
    "IdentityTokenFileError": "authentication",
    # the HTTP client under both, once the answer streams
    "TimeoutException": "timeout",
    "RemoteProtocolError": "cut_stream",
    "NetworkError": "cut_stream",
    "DecodingError": "invalid_reply",
    "RequestError": "network",
    "StreamError": "cut_stream",
    "SSLError": "network",
    # aiohttp, where the SDK's transport over it passes them on
    "ClientResponseError": "protocol",
    "ClientError": "network",
    "EndOfStream": "cut_stream",
}

STATUS: dict[int, str] = {
    401: "authentication",
    402: "quota",
    403: "permission",
    404: "not_found",
    408: "timeout",
    409: "server",
    413: "context_overflow",
    425: "overloaded",
    429: "rate_limit",
    499: "network",
    503: "overloaded",
    504: "timeout",
    524: "timeout",
    529: "overloaded",
}

CODES: dict[str, str] = {
    "context_length_exceeded": "context_overflow",
    "string_above_max_length": "context_overflow",
    "request_too_large": "context_overflow",
    "model_context_window_exceeded": "context_overflow",
    "insufficient_quota": "quota",
    "billing_hard_limit_reached": "quota",
    "billing_not_active": "quota",
    "billing_error": "quota",
    "content_filter": "refusal",
    "content_policy_violation": "refusal",
    "image_content_policy_violation": "refusal",
    "misalignment_policy_violation": "refusal",
    "bio_policy": "refusal",
    "invalid_prompt": "refusal",
    "invalid_api_key": "authentication",
    "authentication_error": "authentication",
    "account_deactivated": "authentication",
    "permission_error": "permission",
    "unsupported_country_region_territory": "permission",
    "model_not_found": "not_found",
    "not_found_error": "not_found",
    "rate_limit_exceeded": "rate_limit",
    "rate_limit_error": "rate_limit",
    "slow_down": "overloaded",
    "overloaded_error": "overloaded",
    "server_overloaded": "overloaded",
    "service_unavailable": "overloaded",
    "engine_overloaded": "overloaded",
    "timeout_error": "timeout",
    "vector_store_timeout": "timeout",
    "server_error": "server",
    "internal_server_error": "server",
    "internal_error": "server",
    "api_error": "server",
    "processing_error": "server",
    "tool_use_failed": "invalid_reply",  # groq: the model wrote a call that does not parse
    "contract_spend_limit_reached": "quota",
    "enforced_spend_limit_reached": "quota",
    "organization_on_hold": "permission",
    "cmek_key_disabled": "permission",
    "request_body_timeout": "timeout",
}

_TOO_LONG = re.compile(
    r"context (length|window)|maximum context|prompt is too long|too many (input )?tokens"
    r"|input is too long|exceeds? the (model's )?(maximum )?(context|token)",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(r"credit balance|insufficient (credit|balance|funds|quota)", re.IGNORECASE)


def raised(exc: BaseException, where: Where) -> ProviderError | None:
    """What `exc` of an SDK means; None where it is not one of theirs."""
    chain = tuple(_chain(exc))
    for each in chain:
        if isinstance(each, Refused):
            return failure(each.category, str(each), where)
    kind = next((k for cls in type(exc).__mro__ if (k := EXCEPTIONS.get(cls.__name__))), None)
    if kind is None or type(exc).__module__ == "builtins":
        return None
    if kind is BY_STATUS:
        response: Any = getattr(exc, "response", None)
        status = int(getattr(exc, "status_code", 0))
        body: object = getattr(exc, "body", None) or _text(response)
        return answered(status, body, getattr(response, "headers", None) or {}, where)
    if isinstance(body := getattr(exc, "body", None), dict):  # an error event in a stream
        return told(cast("dict[str, Any]", body), where, kind)
    if kind in _UNREACHED and (found := _unreached(chain, kind)) is not None:
        return failure(*found, where)
    text = str(exc) or type(exc).__name__
    cause = str(exc.__cause__ or "")
    return failure(kind, text if not cause or cause in text else f"{text} {cause}", where)


_UNREACHED = ("network", "timeout", "protocol")


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    """The exception and what it came from, outermost first."""
    seen: set[int] = set()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        yield exc
        exc = exc.__cause__ or exc.__context__


def _unreached(chain: tuple[BaseException, ...], kind: str) -> tuple[str, str] | None:
    """Category and words for a connection that was never made. The SDKs' transport over aiohttp
    calls each of these a timeout, and httpx names no address."""
    address = _address(chain)
    for each in reversed(chain):  # the cause says more than what it was wrapped in
        if isinstance(each, ssl.SSLError):
            plain = "; the server may speak plain http" if "WRONG_VERSION" in str(each) else ""
            why = getattr(each, "verify_message", None) or each.strerror or str(each)
            return "tls", f"no TLS connection to {address}: {why}{plain}"
        if isinstance(each, socket.gaierror):
            return "network", f"cannot resolve the host of {address}: {each.strerror}"
        if isinstance(each, ConnectionRefusedError) or "Connect call failed" in str(each):
            return "network", f"connection refused by {address}"
        names = {cls.__name__ for cls in type(each).__mro__}
        if _NO_HTTP & names and "disconnected" not in str(each):
            return "protocol", f"{address} does not answer in HTTP"
    names = {cls.__name__ for each in chain for cls in type(each).__mro__}
    if kind == "network" or ("ClientConnectionError" in names and "TimeoutError" not in names):
        return "network", f"connection to {address} lost: {chain[-1] or type(chain[-1]).__name__}"
    return None


_NO_HTTP = frozenset({"HttpProcessingError", "ClientResponseError", "RemoteProtocolError"})


def _address(chain: tuple[BaseException, ...]) -> str:
    for each in chain:
        try:
            url = cast("Any", each).request.url
        except (AttributeError, RuntimeError):  # httpx: the request was not set
            continue
        port = url.port or (443 if url.scheme == "https" else 80)
        return f"{url.host}:{port}"
    return "the server"


def answered(status: int, body: object, headers: Mapping[str, str], where: Where) -> ProviderError:
    """The error that an answer with an error status is."""
    codes, text = describe(body)
    category = category_of(codes, text, STATUS.get(status) or _by_class(status))
    return failure(
        category, f"{status}: {text}" if text else str(status), where, retry_after(headers)
    )


def told(body: object, where: Where, default: str = "server") -> ProviderError:
    """The error that an error event in the middle of a stream is."""
    codes, text = describe(body)
    default = "bad_request" if "invalid_request_error" in codes else default
    return failure(category_of(codes, text, default), text or "an error without a text", where)


def failure(category: str, text: str, where: Where, after: float | None = None) -> ProviderError:
    message = redact(f"{where.ref}: {' '.join(text.split())}", where.secrets)
    return ProviderError(category, _short(message), retry_after=after)


def category_of(codes: tuple[str, ...], text: str, default: str) -> str:
    """The most exact of what the codes, the text and (by default) the status say."""
    named = next((CODES[code] for code in codes if code in CODES), default)
    if named == "server":
        named = default  # "api_error" says no more than that there was one
    if named in ("bad_request", "rate_limit", "context_overflow"):
        if _NO_CREDIT.search(text):
            return "quota"
        # Groq and others refuse a prompt over the tokens per minute as 413: it is a rate limit.
        if named == "context_overflow" and "per minute" in text:
            return "rate_limit"
        if named == "bad_request" and _TOO_LONG.search(text):
            return "context_overflow"
    return named


def describe(body: object) -> tuple[tuple[str, ...], str]:
    """The codes and the text in an error body, whichever of the known shapes it has."""
    if isinstance(body, list) and body:  # Gemini's compatible endpoint wraps it in a list
        return describe(cast("list[object]", body)[0])
    if not isinstance(body, Mapping):
        return (), _short(str(cast(object, body))) if body else ""
    top = cast("Mapping[str, Any]", body)
    inner: object = top.get("error")
    if isinstance(inner, str):
        return (), inner
    error = cast("Mapping[str, Any]", inner) if isinstance(inner, Mapping) else top
    details: object = error.get("details")
    found: list[object] = [error.get("code"), error.get("type"), error.get("status")]
    if isinstance(details, Mapping):
        found.insert(0, cast("Mapping[str, Any]", details).get("error_code"))
    codes = tuple(code.lower() for code in found if isinstance(code, str))
    text = error.get("message") or error.get("detail") or ""
    return codes, text if isinstance(text, str) else str(text)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as the provider asks: in milliseconds, in seconds or as a date. None leaves
    it to the engine: also where the figure makes no sense or asks for no pause at all."""
    try:
        if ms := headers.get("retry-after-ms"):
            seconds = float(ms) / 1000
        elif value := headers.get("retry-after"):
            seconds = _seconds(value.strip())
        else:
            return None
    except (ValueError, TypeError, OverflowError):
        return None
    return min(seconds, MAX_WAIT) if seconds > 0 and not math.isnan(seconds) else None


def _seconds(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        when = parsedate_to_datetime(value)
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return (when - datetime.now(UTC)).total_seconds()


def _by_class(status: int) -> str:
    return "server" if status >= 500 else "bad_request"


def _text(response: Any) -> str:
    try:
        return response.text if response is not None else ""
    except Exception:  # the body was never read: then there is no text
        return ""


def _short(text: str, limit: int = 600) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
