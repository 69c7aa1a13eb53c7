"""The protocol of provider adapters: one streamed call, in our own types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from harness.contracts.model import ModelReply, ModelRequest, Usage

Json = dict[str, Any]
Sink = Callable[[str], None]
"""Receives each piece of text between two reads of the socket, so it must be cheap."""


class Adapter(Protocol):
    """What speaks to one model provider. A record names the class; it is called with the provider's
    name and settings."""

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        """Answer one request. On cancellation the HTTP stream is closed before CancelledError
        propagates, so that the provider stops working (and charging).

        Args:
            request: What to ask.
            sink: Takes each piece of text as it arrives.

        Returns:
            The whole reply.

        Raises:
            ProviderError: The provider refused, or does not answer.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


@dataclass(frozen=True)
class Where:
    """The recipient of a call, for messages; `secrets` are redacted from them."""

    provider: str
    model: str
    secrets: tuple[str, ...] = ()

    @property
    def ref(self) -> str:
        return f"{self.provider}/{self.model}"


class Fold(Protocol):
    """Folds the events of one stream into a reply; one class per wire protocol."""

    done: bool
    """Whether the answer is complete."""
    over: bool
    """Whether reading can stop: a complete answer may still be followed by its usage."""

    def feed(self, event: bytes, data: bytes) -> bool:
        """Process one server-sent event; returns whether the answer made progress. Raises
        ProviderError for the provider's error events."""
        ...

    def take(self, answer: Json) -> None:
        """Process a whole answer, from a server that does not stream."""
        ...

    def count(self) -> Usage:
        """Return what the provider has counted so far, with zeros for what it has not."""
        ...

    def reply(self, request_id: str | None) -> ModelReply:
        """Return the reply, once `done`. Raises ProviderError if the model refused."""
        ...
