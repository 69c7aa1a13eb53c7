"""Map exceptions of the SDKs and errors of the providers to classes of ProviderError."""

from __future__ import annotations

import math
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from pydantic_core import from_json

from harness.commons.redact import redact
from harness.contracts.errors import (
    ContextOverflow,
    ProviderBadRequest,
    ProviderError,
    ProviderProtocolMismatch,
    ProviderQuotaExceeded,
    ProviderServerError,
    ProviderTimeout,
    ProviderTlsFailed,
    ProviderUnreachable,
    RateLimited,
)
from harness.providers.adapter import Where
from harness.providers.error_tables import BY_STATUS, CODES, EXCEPTIONS, STATUS, Kind

MAX_WAIT = 3600.0
"""Most seconds that a run waits before the next attempt, whatever the provider asks for."""


class Refused(Exception):
    """Raised below the SDKs, which wrap it in their own exceptions."""

    def __init__(self, kind: Kind, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Unreached(Exception):
    """No answer began. The cause is the HTTP client's exception."""


class TimedOut(Unreached):
    """No connection was made in time."""


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
    kind = find_kind(type(exc))
    if kind is None or type(exc).__module__ == "builtins":
        return None
    if kind is BY_STATUS:
        return _error_of_status(exc, where)
    if isinstance(body := getattr(exc, "body", None), dict):  # an error event in a stream
        return error_of_event(cast("dict[str, Any]", body), where, kind)
    if kind in _UNREACHED and (found := _explain_unreached(chain, kind)) is not None:
        return make_error(*found, where)
    text = str(exc) or type(exc).__name__
    cause = str(exc.__cause__ or "")
    return make_error(kind, text if not cause or cause in text else f"{text} {cause}", where)


def find_kind(exception: type[BaseException]) -> Kind | None:
    """Find what an exception class, or its nearest ancestor that is known, means."""
    for cls in exception.__mro__:
        package = cls.__module__.partition(".")[0]
        if kind := EXCEPTIONS.get(f"{package}.{cls.__name__}") or EXCEPTIONS.get(cls.__name__):
            return kind
    return None


def _error_of_status(exc: BaseException, where: Where) -> ProviderError:
    """Convert an exception for an answer with an error status; each SDK names its parts alike or
    nearly so."""
    parts: Any = exc
    response: Any = getattr(exc, "response", None)
    status = getattr(exc, "status_code", None) or getattr(exc, "code", None) or 0
    names = ("body", "details", "error")
    body = next((found for name in names if (found := getattr(parts, name, None))), None)
    headers: Any = getattr(exc, "headers", None) or getattr(response, "headers", None) or {}
    return error_of_answer(int(status), body or _response_text(response), headers, where)


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
    if isinstance(body, str) and body[:1] in ("{", "["):
        with suppress(ValueError):
            body = from_json(body)
    codes, text = read_error_body(body)
    kind = classify_error(codes, text, STATUS.get(status) or _by_class(status))
    after = retry_after(headers) or _read_delay(body)
    return make_error(kind, f"{status}: {text}" if text else str(status), where, after)


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
    found[:0] = [each.get("reason") for each in _list_details(error)]
    codes = tuple(code.lower() for code in found if isinstance(code, str))
    text = error.get("message") or error.get("detail") or ""
    return codes, text if isinstance(text, str) else str(text)


def _list_details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The details of an error of Google's."""
    details: object = error.get("details")
    found = cast("list[object]", details) if isinstance(details, list) else []
    return [cast("Mapping[str, Any]", each) for each in found if isinstance(each, Mapping)]


def _read_delay(body: object) -> float | None:
    """The delay that Google's errors ask for in their details, such as "34s"."""
    first = body
    if isinstance(body, list) and body:
        first = cast("list[object]", body)[0]
    if not isinstance(first, Mapping):
        return None
    error: object = cast("Mapping[str, Any]", first).get("error")
    if not isinstance(error, Mapping):
        return None
    for each in _list_details(cast("Mapping[str, Any]", error)):
        delay = each.get("retryDelay")
        if isinstance(delay, str) and delay.endswith("s"):
            return retry_after({"retry-after": delay[:-1]})
    return None


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
    if status >= 500:
        return ProviderServerError
    return ProviderProtocolMismatch if 200 <= status < 300 else ProviderBadRequest


def _response_text(response: Any) -> str:
    try:
        return response.text if response is not None else ""
    except Exception:  # the body was never read
        return ""


def _shorten_text(text: str, limit: int = 600) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
