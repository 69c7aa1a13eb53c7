"""What both transports share: limits of what a server may send, and why a connection failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.agent.mcp_server import McpServer
from harness.commons.redact import redact
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import HarnessError, McpUnavailable

if TYPE_CHECKING:
    from mcp.shared.message import SessionMessage

MAX_MESSAGE = 8 * 1024 * 1024
"""Bytes of one message."""
MAX_VALUES = 200_000
"""Values in one message, about: each costs the event loop some microseconds."""
MAX_MESSAGES = 2_000
MAX_BYTES = 64 * 1024 * 1024
"""Messages and bytes between two requests: a server that sends more is flooding."""
MAX_WORDS = 300


class BadMessage(Exception):
    """Why a message is refused."""


@dataclass
class Link:
    """The state of one connection to a server."""

    server: McpServer
    failure: str | None = None
    """Why it is of no use any more."""
    refused: bool = False
    """The failure is an answer that says that nothing was done."""
    cause: HarnessError | None = None
    """The error that says more about the failure than its words."""
    messages: int = 0
    size: int = 0
    streams: int = 0
    last_words: list[str] = field(default_factory=list[str])
    """The end of what the program wrote to stderr."""

    def fail(self, why: str, *, refused: bool = False) -> None:
        """Record the first failure: those that follow are its consequences."""
        if self.failure is None:
            self.failure, self.refused = why, refused

    def refuse(self, cause: HarnessError) -> None:
        """Record that nothing was done because of an error of ours."""
        if self.failure is None:
            self.fail(cause.message, refused=True)
            self.cause = cause

    def make_error(self) -> HarnessError:
        """Make the error for a request that was not carried out."""
        name = self.server.name
        return self.cause or McpUnavailable(
            f"The MCP server {name} failed: {self.describe_failure()}."
        )

    def begin_request(self) -> None:
        self.messages = self.size = 0
        self.last_words.clear()

    def count(self, size: int, *, messages: int) -> None:
        """BadMessage if the server sent too much since the last request."""
        self.messages += messages
        self.size += size
        if self.messages > MAX_MESSAGES or self.size > MAX_BYTES:
            raise BadMessage("it sends too many messages")

    def describe_failure(self) -> str:
        why = self.failure or "the connection was lost"
        return f"{why}; it wrote: {self.last_words[-1]}" if self.last_words else why


def count_values(content: bytes) -> int:
    """Count an upper bound of the values in JSON, without parsing it."""
    return sum(content.count(mark) for mark in (b",", b"[", b"{"))


def check_values(values: int) -> None:
    if values > MAX_VALUES:
        raise BadMessage(f"it sent a message with more than {MAX_VALUES:,} values")


def parse_message(content: bytes) -> SessionMessage:
    """Parse a message. BadMessage if it is not one, or is nested too deeply for the parser."""
    from mcp.shared.message import SessionMessage
    from mcp_types import jsonrpc_message_adapter
    from pydantic import ValidationError

    check_values(count_values(content))
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(content, by_name=False))
    except (ValidationError, ValueError):
        start = shorten_words(content[:80].decode(errors="replace"))
        raise BadMessage(f"it sent something that is not a JSON-RPC message: {start}") from None


def shorten_words(text: str) -> str:
    """Make words of a server fit for a message: one line, without secrets."""
    line = clean_line(redact(text[: 4 * MAX_WORDS]).strip())
    return line if len(line) <= MAX_WORDS else f"{line[:MAX_WORDS]}…"
