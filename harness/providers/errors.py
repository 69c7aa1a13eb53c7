"""Map exceptions of the SDKs and errors of the providers to classes of ProviderError."""

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
from harness.contracts.errors import (
    ContextOverflow,
    InvalidReply,
    ModelNotFound,
    ModelRefused,
    ProviderAuthenticationFailed,
    ProviderBadRequest,
    ProviderError,
    ProviderOverloaded,
    ProviderPermissionDenied,
    ProviderProtocolMismatch,
    ProviderQuotaExceeded,
    ProviderServerError,
    ProviderTimeout,
    ProviderTlsFailed,
    ProviderUnreachable,
    RateLimited,
    StreamInterrupted,
)
from harness.providers.adapter import Where

Kind = type[ProviderError]
BY_STATUS = ProviderError
"""The status of the answer decides which error it is."""
MAX_WAIT = 3600.0
"""Most seconds that a run waits before the next attempt, whatever the provider asks for."""


class Refused(Exception):
    """Raised below the SDKs, which wrap it in their own exceptions."""

    def __init__(self, kind: Kind, text: str) -> None:
        super().__init__(text)
        self.kind = kind


EXCEPTIONS: dict[str, Kind] = {
    # Both SDKs, by the name of the class or of its nearest ancestor here. A test fails if an SDK
    # has an exception that only its root class covers.
    "APIError": ProviderServerError,
    "APIStatusError": BY_STATUS,
    "APIConnectionError": ProviderUnreachable,
    "APITimeoutError": ProviderTimeout,
    "APIResponseValidationError": InvalidReply,
    "BadRequestError": BY_STATUS,
    "AuthenticationError": BY_STATUS,
    "PermissionDeniedError": BY_STATUS,
    "NotFoundError": BY_STATUS,
    "ConflictError": BY_STATUS,
    "UnprocessableEntityError": BY_STATUS,
    "RateLimitError": BY_STATUS,
    "InternalServerError": BY_STATUS,
    # openai
    "OpenAIError": ProviderAuthenticationFailed,  # raised bare where no credentials were given
    "OAuthError": BY_STATUS,
    "SubjectTokenProviderError": ProviderAuthenticationFailed,
    "LengthFinishReasonError": InvalidReply,
    "ContentFilterFinishReasonError": ModelRefused,
    "WebSocketConnectionClosedError": ProviderUnreachable,
    "WebSocketQueueFullError": ProviderUnreachable,
    "InvalidWebhookSignatureError": InvalidReply,
    # anthropic
    "AnthropicError": ProviderAuthenticationFailed,
    "APIWebhookValidationError": InvalidReply,
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
    "RetryableError": ProviderServerError,
    "CredentialsError": ProviderAuthenticationFailed,
    "IdentityTokenFileError": ProviderAuthenticationFailed,
    # the HTTP client under both, once the answer streams
    "TimeoutException": ProviderTimeout,
    "RemoteProtocolError": StreamInterrupted,
    "NetworkError": StreamInterrupted,
    "DecodingError": InvalidReply,
    "RequestError": ProviderUnreachable,
    "StreamError": StreamInterrupted,
    "SSLError": ProviderUnreachable,
    # aiohttp, where the SDK's transport over it passes them on
    "ClientResponseError": ProviderProtocolMismatch,
    "ClientError": ProviderUnreachable,
    "EndOfStream": StreamInterrupted,
}

STATUS: dict[int, Kind] = {
    401: ProviderAuthenticationFailed,
    402: ProviderQuotaExceeded,
    403: ProviderPermissionDenied,
    404: ModelNotFound,
    408: ProviderTimeout,
    409: ProviderServerError,
    413: ContextOverflow,
    425: ProviderOverloaded,
    429: RateLimited,
    499: ProviderUnreachable,
    503: ProviderOverloaded,
    504: ProviderTimeout,
    524: ProviderTimeout,
    529: ProviderOverloaded,
}

CODES: dict[str, Kind] = {
    "context_length_exceeded": ContextOverflow,
    "string_above_max_length": ContextOverflow,
    "request_too_large": ContextOverflow,
    "model_context_window_exceeded": ContextOverflow,
    "insufficient_quota": ProviderQuotaExceeded,
    "billing_hard_limit_reached": ProviderQuotaExceeded,
    "billing_not_active": ProviderQuotaExceeded,
    "billing_error": ProviderQuotaExceeded,
    "content_filter": ModelRefused,
    "content_policy_violation": ModelRefused,
    "image_content_policy_violation": ModelRefused,
    "misalignment_policy_violation": ModelRefused,
    "bio_policy": ModelRefused,
    "invalid_prompt": ModelRefused,
    "invalid_api_key": ProviderAuthenticationFailed,
    "authentication_error": ProviderAuthenticationFailed,
    "account_deactivated": ProviderAuthenticationFailed,
    "permission_error": ProviderPermissionDenied,
    "unsupported_country_region_territory": ProviderPermissionDenied,
    "model_not_found": ModelNotFound,
    "not_found_error": ModelNotFound,
    "rate_limit_exceeded": RateLimited,
    "rate_limit_error": RateLimited,
    "slow_down": ProviderOverloaded,
    "overloaded_error": ProviderOverloaded,
    "server_overloaded": ProviderOverloaded,
    "service_unavailable": ProviderOverloaded,
    "engine_overloaded": ProviderOverloaded,
    "timeout_error": ProviderTimeout,
    "vector_store_timeout": ProviderTimeout,
    "server_error": ProviderServerError,
    "internal_server_error": ProviderServerError,
    "internal_error": ProviderServerError,
    "api_error": ProviderServerError,
    "processing_error": ProviderServerError,
    "tool_use_failed": InvalidReply,  # groq: the model wrote a call that does not parse
    "contract_spend_limit_reached": ProviderQuotaExceeded,
    "enforced_spend_limit_reached": ProviderQuotaExceeded,
    "organization_on_hold": ProviderPermissionDenied,
    "cmek_key_disabled": ProviderPermissionDenied,
    "request_body_timeout": ProviderTimeout,
}

_TOO_LONG = re.compile(
    r"context (length|window)|maximum context|prompt is too long|too many (input )?tokens"
    r"|input is too long|exceeds? the (model's )?(maximum )?(context|token)",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(r"credit balance|insufficient (credit|balance|funds|quota)", re.IGNORECASE)


def error_of_exception(exc: BaseException, where: Where) -> ProviderError | None:
    """Convert an SDK's exception to a ProviderError; None for any other exception."""
    chain = tuple(_cause_chain(exc))
    for each in chain:
        if isinstance(each, Refused):
            return make_error(each.kind, str(each), where)
    kind = next((k for cls in type(exc).__mro__ if (k := EXCEPTIONS.get(cls.__name__))), None)
    if kind is None or type(exc).__module__ == "builtins":
        return None
    if kind is BY_STATUS:
        response: Any = getattr(exc, "response", None)
        status = int(getattr(exc, "status_code", 0))
        body: object = getattr(exc, "body", None) or _response_text(response)
        return error_of_answer(status, body, getattr(response, "headers", None) or {}, where)
    if isinstance(body := getattr(exc, "body", None), dict):  # an error event in a stream
        return error_of_event(cast("dict[str, Any]", body), where, kind)
    if kind in _UNREACHED and (found := _explain_unreached(chain, kind)) is not None:
        return make_error(*found, where)
    text = str(exc) or type(exc).__name__
    cause = str(exc.__cause__ or "")
    return make_error(kind, text if not cause or cause in text else f"{text} {cause}", where)


_UNREACHED = (ProviderUnreachable, ProviderTimeout, ProviderProtocolMismatch)


def _cause_chain(exc: BaseException | None) -> Iterator[BaseException]:
    """Yield the exception and its causes, outermost first."""
    seen: set[int] = set()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        yield exc
        exc = exc.__cause__ or exc.__context__


def _explain_unreached(chain: tuple[BaseException, ...], kind: Kind) -> tuple[Kind, str] | None:
    """Return class and message for a connection that failed. The SDKs' aiohttp transport reports
    these as timeouts, and httpx does not include the address."""
    address = _find_address(chain)
    for each in reversed(chain):  # the cause says more than its wrapper
        if isinstance(each, ssl.SSLError):
            plain = "; the server may speak plain http" if "WRONG_VERSION" in str(each) else ""
            why = getattr(each, "verify_message", None) or each.strerror or str(each)
            return ProviderTlsFailed, f"no TLS connection to {address}: {why}{plain}"
        if isinstance(each, socket.gaierror):
            return ProviderUnreachable, f"cannot resolve the host of {address}: {each.strerror}"
        if isinstance(each, ConnectionRefusedError) or "Connect call failed" in str(each):
            return ProviderUnreachable, f"connection refused by {address}"
        names = {cls.__name__ for cls in type(each).__mro__}
        if _NO_HTTP & names and "disconnected" not in str(each):
            return ProviderProtocolMismatch, f"{address} does not speak HTTP"
    names = {cls.__name__ for each in chain for cls in type(each).__mro__}
    if kind == ProviderUnreachable or (
        "ClientConnectionError" in names and "TimeoutError" not in names
    ):
        return (
            ProviderUnreachable,
            f"connection to {address} lost: {chain[-1] or type(chain[-1]).__name__}",
        )
    return None


_NO_HTTP = frozenset({"HttpProcessingError", "ClientResponseError", "RemoteProtocolError"})


def _find_address(chain: tuple[BaseException, ...]) -> str:
    for each in chain:
        try:
            url = cast("Any", each).request.url
        except (AttributeError, RuntimeError):  # httpx: the request was not set
            continue
        port = url.port or (443 if url.scheme == "https" else 80)
        return f"{url.host}:{port}"
    return "the server"


def error_of_answer(
    status: int, body: object, headers: Mapping[str, str], where: Where
) -> ProviderError:
    """Convert an answer with an error status to a ProviderError."""
    codes, text = read_error_body(body)
    kind = classify_error(codes, text, STATUS.get(status) or _by_class(status))
    return make_error(
        kind, f"{status}: {text}" if text else str(status), where, retry_after(headers)
    )


def error_of_event(
    body: object, where: Where, default: Kind = ProviderServerError
) -> ProviderError:
    """Convert an error event in a stream to a ProviderError."""
    codes, text = read_error_body(body)
    default = ProviderBadRequest if "invalid_request_error" in codes else default
    return make_error(
        classify_error(codes, text, default), text or "an error without a message", where
    )


def make_error(kind: Kind, text: str, where: Where, after: float | None = None) -> ProviderError:
    message = redact(f"{where.ref}: {' '.join(text.split())}", where.secrets)
    return kind(_shorten_text(message), retry_after=after)


def classify_error(codes: tuple[str, ...], text: str, default: Kind) -> Kind:
    """Choose the most specific class that the codes, the text and the status suggest."""
    named = next((CODES[code] for code in codes if code in CODES), default)
    if named == ProviderServerError:
        named = default  # "api_error" says no more than that there was one
    if named in (ProviderBadRequest, RateLimited, ContextOverflow):
        if _NO_CREDIT.search(text):
            return ProviderQuotaExceeded
        # Groq and others refuse a prompt over the tokens per minute as 413: it is a rate limit.
        if named == ContextOverflow and "per minute" in text:
            return RateLimited
        if named == ProviderBadRequest and _TOO_LONG.search(text):
            return ContextOverflow
    return named


def read_error_body(body: object) -> tuple[tuple[str, ...], str]:
    """Extract codes and text from an error body of any known shape."""
    if isinstance(body, list) and body:  # Gemini's compatible endpoint wraps it in a list
        return read_error_body(cast("list[object]", body)[0])
    if not isinstance(body, Mapping):
        return (), _shorten_text(str(cast(object, body))) if body else ""
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
    """Return the seconds that the provider asks to wait: in milliseconds, seconds or as a date.
    None, also for invalid values and zero, leaves the delay to Temporal."""
    try:
        if ms := headers.get("retry-after-ms"):
            seconds = float(ms) / 1000
        elif value := headers.get("retry-after"):
            seconds = _parse_seconds(value.strip())
        else:
            return None
    except (ValueError, TypeError, OverflowError):
        return None
    return min(seconds, MAX_WAIT) if seconds > 0 and not math.isnan(seconds) else None


def _parse_seconds(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        when = parsedate_to_datetime(value)
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return (when - datetime.now(UTC)).total_seconds()


def _by_class(status: int) -> Kind:
    return ProviderServerError if status >= 500 else ProviderBadRequest


def _response_text(response: Any) -> str:
    try:
        return response.text if response is not None else ""
    except Exception:  # the body was never read
        return ""


def _shorten_text(text: str, limit: int = 600) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
