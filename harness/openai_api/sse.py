"""A stream for OpenAI's clients, which end with `[DONE]`."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope, Send

from harness.api.event_stream import EventStream
from harness.api.stream_event import END


class OpenAIStream(EventStream):
    """A stream without the `end` event of the daemon's own API."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        end = END.as_sse()

        async def send_without_end(message: Message) -> None:
            body = message.get("body", b"")
            if body.endswith(end):
                message = {**message, "body": body.removesuffix(end)}
            await send(message)

        await super().__call__(scope, receive, send_without_end)
