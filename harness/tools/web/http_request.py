"""The tool that changes something on the web, and undoes it by a request declared in the call.

Without an answer, the outcome of a request is unknown. Then nothing is sent again: a person is
asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field
from pydantic_core import from_json, to_json

from harness.agent import AnyTool, ToolContext, tool
from harness.agent.tool import Approval
from harness.config.settings import HttpToolSettings
from harness.contracts.base import Word
from harness.contracts.errors import (
    OutcomeUnknown,
    TargetChanged,
    ToolError,
    ToolFailed,
    ToolUnavailable,
    UndoUnavailable,
)
from harness.tools.web import inverse, web
from harness.tools.web.http import http_get
from harness.tools.web.inverse import Method, Request
from harness.tools.web.origins import Trust

REFUSED = frozenset(
    {
        "host", "content-length", "transfer-encoding", "connection", "idempotency-key",
        "accept-encoding", "upgrade", "te", "trailer", "expect",
    }
)  # fmt: skip
"""Headers that only the tool sets."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
LATER = frozenset({429, 503})
"""Statuses that ask for a retry."""
NEVER = frozenset({501, 505})
SHOWN = 500

Secrets = Mapping[str, Mapping[str, str]]


class HttpReceipt(Word):
    method: str
    url: str
    undo: Request | None = None
    """The request that undoes it, with values from the answer filled in."""
    why: str | None = None
    """Why it cannot be undone."""


class _Sender(NamedTuple):
    settings: HttpToolSettings
    trust: Trust
    key: str
    run: str

    async def send_request(
        self, asked: Request, *, unknown: type[ToolError]
    ) -> tuple[web.Reply, str | None]:
        """Send a request; returns the answer, and why its content could not be read, if so.
        `unknown`: the error to raise if no answer arrives."""
        import httpx

        _check_headers(asked.headers)
        content, kind = _encode_body(asked.body)
        headers = {"content-type": kind} if kind else {}
        own = self.trust.headers_for(asked.url, plain=self.settings.allow_private)
        for more in (asked.headers, own):
            headers |= {name.lower(): value for name, value in more.items()}
        headers["idempotency-key"] = self.key
        async with web.open_client() as client:
            request = await web.build_request(
                client, asked.url, self.settings, method=asked.method, headers=headers,
                content=content, run=self.run, tool="http_request",
            )  # fmt: skip
            try:
                reply = await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
                raise ToolUnavailable(
                    f"{asked.url} cannot be reached: {_error_text(error)}."
                ) from None
            except httpx.LocalProtocolError as error:
                raise ToolFailed(f"{asked.url}: {_error_text(error)}.") from None
            except Exception as error:  # in any case, the request may have been sent
                raise unknown(f"{asked.url} gave no answer: {_error_text(error)}.") from None
            return await _read_reply(reply, asked.url)


async def _read_reply(reply: Any, url: str) -> tuple[web.Reply, str | None]:
    """Read an answer; its status counts even if its content cannot be read."""
    try:
        return await web.read_reply(reply, url), None
    except Exception as error:
        lost = web.Reply(url, reply.status_code, "", None, None, b"")
        return lost, f"the answer could not be read: {_error_text(error)}"
    finally:
        await reply.aclose()


def http_tools(
    *,
    approval: Approval = "always",
    headers: Secrets | None = None,
    on_unknown: Literal["ask", "retry"] = "ask",
    undo_origins: Sequence[str] = (),
) -> tuple[AnyTool, AnyTool]:
    """Make `http_get` and `http_request` for an agent.

    Args:
        approval: Whether a person must approve a request that changes something.
        headers: Headers of requests, such as a token, by origin: `https://host` or
            `https://host:port`. A host alone means https on port 443. They never appear in the
            model's context, in history or in the ledger.
        on_unknown: "retry" if the hosts honor the Idempotency-Key header, which is the same for
            every attempt of a call.
        undo_origins: Origins that an undo may access besides that of the request it undoes.

    Returns:
        Both tools.

    Raises:
        ConfigError: A key of `headers` or an entry of `undo_origins` is not an origin.
    """
    trust = Trust.from_declarations(headers or {}, undo_origins)
    return http_get, _make_requester(trust, approval, on_unknown)


def _make_requester(
    trust: Trust, approval: Approval, on_unknown: Literal["ask", "retry"]
) -> AnyTool:
    @tool(effect="write", timeout=45.0, approval=approval, on_unknown=on_unknown, untrusted=True)
    async def http_request(
        ctx: ToolContext[Any],
        method: Method,
        url: Annotated[str, Field(min_length=1, max_length=8_000)],
        body: Any = None,
        headers: dict[str, str] | None = None,
        undo: Request | None = None,
    ) -> str | bytes:
        """Change something on the web by an HTTP request. Redirects are not followed.

        Args:
            method: POST, PUT, PATCH or DELETE.
            url: An http or https address of a host that was allowed.
            body: Sent as JSON; a text is sent as it is.
            headers: Added to those that are always sent.
            undo: The request that undoes this one, if there is one, at the same scheme, host
                and port. {response.id} in it stands for a value of the JSON answer.
        """
        asked = Request(method=method, url=url, headers=headers or {}, body=body)
        _check_request(asked, undo, trust)
        sender = _Sender(ctx.host.http, trust, ctx.idempotency_key, ctx.run)
        reply, lost = await sender.send_request(asked, unknown=OutcomeUnknown)
        _check_answer(asked, reply)
        ctx.receipt(receipt := _make_receipt(asked, undo, reply, lost, trust))
        shown = reply.for_model()
        if receipt.why and undo and isinstance(shown, str):
            return f"{shown}\n[The request was made, but cannot be undone: {receipt.why}]"
        return shown

    @http_request.undo
    async def undo_request(ctx: ToolContext[Any], receipt: HttpReceipt) -> str:
        if receipt.undo is None:
            raise UndoUnavailable(receipt.why or "The call declared no undo.")
        trust.check_undo(receipt.undo.url, receipt.url)
        sender = _Sender(ctx.host.http, trust, ctx.idempotency_key, ctx.run)
        reply, _ = await sender.send_request(receipt.undo, unknown=ToolUnavailable)
        return _describe_undo(receipt.undo, reply)

    @http_request.obstacle
    def http_obstacle(receipt: HttpReceipt) -> str | None:
        if receipt.undo is None:
            return receipt.why or "The call declared no undo."
        try:
            trust.check_undo(receipt.undo.url, receipt.url)
        except ToolError as error:
            return error.message
        return None

    return http_request


def _check_request(asked: Request, undo: Request | None, trust: Trust) -> None:
    """Check the request and its undo before anything is sent."""
    _check_headers(asked.headers)
    if undo is None:
        return
    _check_headers(undo.headers)
    head = inverse.check_undo(undo)
    if head is not None:
        trust.check_undo(head, asked.url)


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if name.lower() in REFUSED:
            raise ToolFailed(f"The header {name} is set by the tool. Remove it.")
        if not _NAME.fullmatch(name):
            raise ToolFailed(f"{name!r} is not a valid header name.")
        if not (value.isascii() and value.replace("\t", " ").isprintable()):
            raise ToolFailed(f"The header {name} contains invalid characters.")


def _check_answer(asked: Request, reply: web.Reply) -> None:
    status, said = reply.status, f"{asked.method} {asked.url} was answered with {reply.status}"
    # Proxies also answer 503 if they lose the server in the middle of a request; only a server
    # that refuses one says when to retry.
    if status == 429 or (status == 503 and reply.retry_after is not None):
        raise ToolUnavailable(f"{said}.", retry_after=reply.retry_after)
    if status >= 500 and status not in NEVER:
        raise OutcomeUnknown(f"{said}: {_start_of_text(reply)}")
    if status >= 300:  # a redirect: nothing was done here
        raise ToolFailed(f"{said}: {_start_of_text(reply)}")


def _make_receipt(
    asked: Request, undo: Request | None, reply: web.Reply, lost: str | None, trust: Trust
) -> HttpReceipt:
    """Make the receipt. Never raises: a completed request must not be recorded as failed."""
    receipt = HttpReceipt(method=asked.method, url=asked.url)
    if undo is None:
        return receipt.model_copy(update={"why": "The call declared no undo."})
    try:
        answer = from_json(reply.content) if reply.content else None
    except ValueError:
        answer = None
    try:
        filled = inverse.fill_undo(undo, answer)
        _check_headers(filled.headers)
        trust.check_undo(filled.url, asked.url, answered=inverse.check_undo(undo) is None)
        return receipt.model_copy(update={"undo": filled})
    except Exception as error:
        words = (
            error.message if isinstance(error, ToolError) else f"{type(error).__name__}: {error}"
        )
        why = f"{words[:SHOWN]}{f' ({lost[:SHOWN]})' if lost else ''}"
        return receipt.model_copy(update={"why": why})


def _describe_undo(asked: Request, reply: web.Reply) -> str:
    status, said = reply.status, f"{asked.method} {asked.url} was answered with {reply.status}"
    if status < 300:
        return said
    if asked.method == "DELETE" and status in (404, 410):
        return f"{said}: it was already deleted"
    if status in (404, 409, 410, 412):
        raise TargetChanged(f"{said}: {_start_of_text(reply)}")
    if status in LATER or (status >= 500 and status not in NEVER):
        raise ToolUnavailable(f"{said}.", retry_after=reply.retry_after)
    raise ToolFailed(f"{said}: {_start_of_text(reply)}")


def _encode_body(body: Any) -> tuple[bytes | None, str | None]:
    if body is None:
        return None, None
    if isinstance(body, str):
        return body.encode(errors="replace"), "text/plain; charset=utf-8"
    return to_json(body), "application/json"


def _start_of_text(reply: web.Reply) -> str:
    text = reply.text().strip()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _error_text(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


_, http_request = http_tools()
