"""The steps of an undo in progress, as its workflow tells them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from temporalio.client import WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError

from harness.contracts.base import Word
from harness.contracts.effect import UndoReport, UndoStep

FIRST_S = 0.05
PAUSE_S = 0.5
"""Between two questions: an undo can take minutes."""
ANSWER_S = 5.0


class UndoProgress(Word):
    """A step of an undo that has ended."""

    done: int
    """How many steps have ended."""
    total: int
    """How many effects there were to undo when it began."""
    step: UndoStep
    """This step."""


ReportStep = Callable[[UndoProgress], None]


class Steps:
    """Reports each step once, in their order."""

    def __init__(self, total: int, progress: ReportStep | None) -> None:
        self._total, self._progress = total, progress
        self._reported = 0

    @asynccontextmanager
    async def watch(self, handle: WorkflowHandle[object, UndoReport]) -> AsyncGenerator[None]:
        """Report steps during the block. It needs a worker; without one, they come at the end."""
        watching = asyncio.create_task(self._ask(handle)) if self._progress else None
        try:
            yield
        finally:
            if watching is not None:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({watching})

    def report(self, so_far: UndoReport) -> None:
        """Report the steps that were not reported before."""
        for step in so_far.steps[self._reported :]:
            self._reported += 1
            if self._progress is not None:
                self._progress(
                    UndoProgress(
                        done=self._reported, total=max(self._total, self._reported), step=step
                    )
                )

    async def _ask(self, handle: WorkflowHandle[object, UndoReport]) -> None:
        pause = FIRST_S
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSE_S)
            with suppress(RPCError, WorkflowQueryFailedError):  # the result has all steps
                self.report(
                    await handle.query(
                        "report",
                        result_type=UndoReport,
                        rpc_timeout=timedelta(seconds=ANSWER_S),
                    )
                )
