"""Call a tool of an MCP server, if it is what was approved, and classify the answer."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from harness.agent import ToolContext
from harness.commons.log_content import guarded_logger
from harness.contracts.errors import (
    HarnessError,
    McpToolChanged,
    OutcomeUnknown,
    ToolFailed,
)
from harness.contracts.tool import Effect
from harness.mcp_tools.connection import Answered, Lost, ServerConnection, Session
from harness.mcp_tools.declarations import Declared, check_unchanged
from harness.mcp_tools.results import read_result

if TYPE_CHECKING:
    from mcp_types import CallToolResult

KEY_META = "durable-harness/idempotency-key"
"""Where a server finds the key that is the same for every attempt of a call."""

log = guarded_logger("harness.mcp")


@dataclass(frozen=True)
class RemoteTool:
    """One tool of a server, as it was approved."""

    connection: ServerConnection
    declared: Declared
    effect: Effect

    async def call(self, ctx: ToolContext[Any], arguments: dict[str, Any]) -> str:
        """Call the tool and return what the model reads."""
        server = self.connection.server
        async with self.connection.use() as (session, tools):
            if changed := check_unchanged(server.name, self.declared, tools):
                raise McpToolChanged(
                    f"The call was not made: {changed}. A person must approve the change first.",
                    fix=f"Review and approve it: harness mcp check {server.name} --approve",
                )
            result = await self._send(session, arguments, ctx.idempotency_key)
        if result.is_error:
            text = await read_result(result, ctx)
            raise ToolFailed(text or f"{self.declared.name} failed without a message.")
        try:
            return await read_result(result, ctx)
        except Exception:  # the call has happened: as a failure it would be repeated
            log.warning("a result of %s cannot be shown", ctx.tool, exc_info=True)
            return "[It was done. Its result cannot be shown.]"

    async def _send(self, session: Session, arguments: dict[str, Any], key: str) -> CallToolResult:
        from mcp_types import CallToolRequest, CallToolRequestParams, CallToolResult
        from pydantic import TypeAdapter, ValidationError

        # Not the SDK's call_tool: it checks the result with the server's own schema, which may
        # take forever.
        request = CallToolRequest(
            params=CallToolRequestParams.model_validate(
                {"name": self.declared.name, "arguments": arguments, "_meta": {KEY_META: key}}
            )
        )
        limit = self.connection.server.timeout_seconds + 1
        plain = cast("Any", TypeAdapter(dict[str, Any]))
        sending: Coroutine[Any, Any, dict[str, Any]] = session.client.send_request(
            request, plain, request_read_timeout_seconds=limit
        )
        try:
            raw = await session.send(sending)
            if raw.get("resultType") == "input_required":
                raise ToolFailed("It asks for input during a call, which harness does not support.")
            return CallToolResult.model_validate(raw, by_name=False)
        except ValidationError:
            session.link.fail("it sent a result that does not fit the protocol")
        except Lost as why:
            session.link.fail(str(why))
        except Answered as why:
            raise ToolFailed(f"The server refused the call: {why}") from None
        raise self._lost_error(session)

    def _lost_error(self, session: Session) -> HarnessError:
        name, link = self.connection.server.name, session.link
        if self.effect == "read" or link.refused:
            return link.make_error()
        why = f"The MCP server {name} failed: {link.describe_failure()}."
        return OutcomeUnknown(f"{why} The call had been sent.")
