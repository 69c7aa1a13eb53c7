"""The tool that changes something on the web, and takes it back by the request declared for that.

Whether a request has happened is not known where its answer never came. Then nothing is sent again:
a person is asked.
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
"""Headers that belong to the tool."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
LATER = frozenset({429, 503})
"""Answers that ask to try again."""
NEVER = frozenset({501, 505})
SHOWN = 500

Secrets = Mapping[str, Mapping[str, str]]


class HttpReceipt(Word):
    method: str
    url: str
    undo: Request | None = None
    """What takes it back, with the answer's values in it."""
    why: str | None = None
    """Why nothing does."""


class _Sender(NamedTuple):
    settings: HttpToolSettings
    trust: Trust
    key: str

    async def send(
        self, asked: Request, *, unknown: type[ToolError]
    ) -> tuple[web.Reply, str | None]:
        """The answer, and why its content could not be read, where that is so. `unknown`: the
        error for an answer that never came."""
        import httpx

        _check_headers(asked.headers)
        content, kind = _content(asked.body)
        headers = {"content-type": kind} if kind else {}
        own = self.trust.headers_for(asked.url, plain=self.settings.allow_private)
        for more in (asked.headers, own):
            headers |= {name.lower(): value for name, value in more.items()}
        headers["idempotency-key"] = self.key
        async with web.client() as client:
            request = await web.request(
                client, asked.url, self.settings, method=asked.method, headers=headers,
                content=content, tool="http_request",
            )  # fmt: skip
            try:
                reply = await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
                raise ToolUnavailable(f"{asked.url} cannot be reached: {_words(error)}.") from None
            except httpx.LocalProtocolError as error:
                raise ToolFailed(f"{asked.url}: {_words(error)}.") from None
            except Exception as error:  # whatever it is, the request may have been sent
                raise unknown(f"{asked.url} gave no answer: {_words(error)}.") from None
            return await _read(reply, asked.url)


async def _read(reply: Any, url: str) -> tuple[web.Reply, str | None]:
    """What it says was done is done, also where the rest of the answer is lost."""
    try:
        return await web.read(reply, url), None
    except Exception as error:
        lost = web.Reply(url, reply.status_code, "", None, None, b"")
        return lost, f"the answer could not be read: {_words(error)}"
    finally:
        await reply.aclose()


def http_tools(
    *,
    approval: Approval = "always",
    headers: Secrets | None = None,
    on_unknown: Literal["ask", "retry"] = "ask",
    undo_origins: Sequence[str] = (),
) -> tuple[AnyTool, AnyTool]:
    """`http_get` and `http_request`, as an agent needs them.

    Args:
        approval: Whether a person must allow a request that changes something.
        headers: What requests carry, such as a token, by origin: `https://host` or
            `https://host:port`. A host alone means https on port 443. No model sees it, and no
            history or ledger holds it.
        on_unknown: "retry" where the hosts keep to the Idempotency-Key that each request carries:
            the same for every attempt of a call.
        undo_origins: Origins that an undo may reach besides the one whose request it undoes.

    Returns:
        Both tools.

    Raises:
        ConfigError: A key of `headers` or an entry of `undo_origins` is not an origin.
    """
    trust = Trust.declared(headers or {}, undo_origins)
    return http_get, _requester(trust, approval, on_unknown)


def _requester(trust: Trust, approval: Approval, on_unknown: Literal["ask", "retry"]) -> AnyTool:
    @tool(effect="write", timeout=45.0, approval=approval, on_unknown=on_unknown)
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
            headers: Beside those that are sent anyway.
            undo: The request that undoes this one, where there is one, at the same scheme, host
                and port. {response.id} in it stands for a value of the JSON answer.
        """
        asked = Request(method=method, url=url, headers=headers or {}, body=body)
        _check(asked, undo, trust)
        sender = _Sender(ctx.host.http, trust, ctx.idempotency_key)
        reply, lost = await sender.send(asked, unknown=OutcomeUnknown)
        _check_answer(asked, reply)
        ctx.receipt(receipt := _receipt(asked, undo, reply, lost, trust))
        shown = reply.shown()
        if receipt.why and undo and isinstance(shown, str):
            return f"{shown}\n[It was done, and cannot be undone: {receipt.why}]"
        return shown

    @http_request.undo
    async def undo_request(ctx: ToolContext[Any], receipt: HttpReceipt) -> str:
        if receipt.undo is None:
            raise UndoUnavailable(receipt.why or "The call declared no undo.")
        trust.check_undo(receipt.undo.url, receipt.url)
        sender = _Sender(ctx.host.http, trust, ctx.idempotency_key)
        reply, _ = await sender.send(receipt.undo, unknown=ToolUnavailable)
        return _undone(receipt.undo, reply)

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


def _check(asked: Request, undo: Request | None, trust: Trust) -> None:
    """What is wrong is said before anything is sent."""
    _check_headers(asked.headers)
    if undo is None:
        return
    _check_headers(undo.headers)
    head = inverse.check(undo)
    if head is not None:
        trust.check_undo(head, asked.url)


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if name.lower() in REFUSED:
            raise ToolFailed(f"The header {name} is set by the tool: leave it out.")
        if not _NAME.fullmatch(name):
            raise ToolFailed(f"{name!r} is not a name of a header.")
        if not (value.isascii() and value.replace("\t", " ").isprintable()):
            raise ToolFailed(f"The header {name} has characters that no header may have.")


def _check_answer(asked: Request, reply: web.Reply) -> None:
    status, said = reply.status, f"{asked.method} {asked.url} was answered with {reply.status}"
    # Proxies say 503 too when they lose the server in the middle of a request that it does; only
    # a server that refuses one says when to come back.
    if status == 429 or (status == 503 and reply.retry_after is not None):
        raise ToolUnavailable(f"{said}.", retry_after=reply.retry_after)
    if status >= 500 and status not in NEVER:
        raise OutcomeUnknown(f"{said}: {_start(reply)}")
    if status >= 300:  # a redirect is an answer that did nothing here
        raise ToolFailed(f"{said}: {_start(reply)}")


def _receipt(
    asked: Request, undo: Request | None, reply: web.Reply, lost: str | None, trust: Trust
) -> HttpReceipt:
    """Never raises: what was done must not be recorded as failed."""
    receipt = HttpReceipt(method=asked.method, url=asked.url)
    if undo is None:
        return receipt.model_copy(update={"why": "The call declared no undo."})
    try:
        answer = from_json(reply.content) if reply.content else None
    except ValueError:
        answer = None
    try:
        filled = inverse.fill(undo, answer)
        _check_headers(filled.headers)
        trust.check_undo(filled.url, asked.url, answered=inverse.check(undo) is None)
        return receipt.model_copy(update={"undo": filled})
    except Exception as error:
        words = (
            error.message if isinstance(error, ToolError) else f"{type(error).__name__}: {error}"
        )
        why = f"{words[:SHOWN]}{f' ({lost[:SHOWN]})' if lost else ''}"
        return receipt.model_copy(update={"why": why})


def _undone(asked: Request, reply: web.Reply) -> str:
    status, said = reply.status, f"{asked.method} {asked.url} was answered with {reply.status}"
    if status < 300:
        return said
    if asked.method == "DELETE" and status in (404, 410):
        return f"{said}: it was gone already"
    if status in (404, 409, 410, 412):
        raise TargetChanged(f"{said}: {_start(reply)}")
    if status in LATER or (status >= 500 and status not in NEVER):
        raise ToolUnavailable(f"{said}.", retry_after=reply.retry_after)
    raise ToolFailed(f"{said}: {_start(reply)}")


def _content(body: Any) -> tuple[bytes | None, str | None]:
    if body is None:
        return None, None
    if isinstance(body, str):
        return body.encode(errors="replace"), "text/plain; charset=utf-8"
    return to_json(body), "application/json"


def _start(reply: web.Reply) -> str:
    text = reply.text().strip()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _words(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


_, http_request = http_tools()
