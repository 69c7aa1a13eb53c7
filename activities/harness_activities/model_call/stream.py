"""The live text of a model call."""

from __future__ import annotations

from temporalio import activity

from harness.contracts.model import CallModel
from harness.store.live.writer import LiveWriter, ReplyStream

TRIES_PER_ATTEMPT = 100
"""More than the candidates of any plan, so that later attempts have higher numbers."""


class Streams:
    """The live text of a call. Watchers see each candidate of the plan as a separate attempt, so
    text of two models is never mixed."""

    def __init__(
        self, writer: LiveWriter, run: str, request: CallModel, info: activity.Info
    ) -> None:
        self._writer = writer
        self._place = (run, request.turn, request.call or 0)
        self._number = (info.attempt - 1) * TRIES_PER_ATTEMPT
        # A reset reuses the numbers of turns: the later call wins.
        self._scheduled = info.scheduled_time.timestamp()
        self._text: ReplyStream | None = None

    async def close_text(self) -> None:
        if self._text:
            await self._text.close()

    def start_try(self) -> None:
        self._number += 1
        self._text = self._writer.open_text(*self._place, self._number, scheduled=self._scheduled)

    def write_text(self, text: str) -> None:
        if self._text:
            self._text.write(text)
