"""What every provider adapter is: one streamed call, in our words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from harness.contracts.model import ModelReply, ModelRequest

Json = dict[str, Any]
Sink = Callable[[str], None]
"""Takes each piece of text as it comes, between two reads of the socket: it must be cheap."""


class Adapter(Protocol):
    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        """The whole reply, its text passed to `sink` as it comes.

        Raises ProviderError. On cancellation the HTTP stream is closed before CancelledError goes
        on, so that the provider stops working (and charging).
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


@dataclass(frozen=True)
class Where:
    """Whom a call went to, for messages; `secrets` never appear in one."""

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
    """Whether nothing more is to be read: a complete answer may still be followed by its usage."""

    def feed(self, event: bytes, data: bytes) -> bool:
        """Take one server-sent event; whether the answer made progress with it. Raises
        ProviderError for the provider's own error events."""
        ...

    def take(self, answer: Json) -> None:
        """Take a whole answer, from a server that does not stream."""
        ...

    def reply(self, request_id: str | None) -> ModelReply:
        """Called once `done`. Raises ProviderError where the model refused."""
        ...
