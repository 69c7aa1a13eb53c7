"""The live text of a model call."""

from __future__ import annotations

from temporalio import activity

from harness.contracts.model import CallModel
from harness.store.live.writer import LiveText, LiveWriter

TRIES_PER_ATTEMPT = 100
"""More candidates than any plan has, so that tries of a later attempt have higher numbers."""


class Streams:
    """The live text of a call. Each candidate of the plan is a try of its own to those who watch:
    text of two models is never mixed."""

    def __init__(
        self, writer: LiveWriter, run: str, request: CallModel, info: activity.Info
    ) -> None:
        self._writer = writer
        self._place = (run, request.turn, request.call or 0)
        self._number = (info.attempt - 1) * TRIES_PER_ATTEMPT
        # After a reset turns have numbers that were used before: the later call counts.
        self._scheduled = info.scheduled_time.timestamp()
        self._text: LiveText | None = None

    async def close_text(self) -> None:
        if self._text:
            await self._text.close()

    def start_try(self) -> None:
        self._number += 1
        self._text = self._writer.open_text(*self._place, self._number, scheduled=self._scheduled)

    def write_text(self, text: str) -> None:
        if self._text:
            self._text.write(text)
