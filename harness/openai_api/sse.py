"""A stream for OpenAI's clients, which end with `[DONE]`."""

from __future__ import annotations

from harness.api.event_stream import EventStream


class OpenAIStream(EventStream):
    """A stream without the `end` event of the daemon's own API."""

    end = None
