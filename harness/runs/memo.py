"""What runs keep in their memo, which Temporal's index returns with each row: what they were asked,
and what they wait for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.converter import WorkflowSerializationContext

from harness.commons.log import get_logger
from harness.contracts.errors import HarnessError
from harness.contracts.run import Pending, RunSpec
from harness.engine.connection import Connection

ASKED_MEMO = "asked"
WHATIF_MEMO = "whatif"
"""Of forks whose tools do not run. It only marks rows of lists: anyone may have written it."""
WAITING_MEMO = "waiting"
LINE_CHARS = 200
ResultT = TypeVar("ResultT")

log = get_logger(__name__)


def first_line(text: str) -> str:
    """The first line of a text that has any, cut to what a list shows."""
    line = text.strip().partition("\n")[0].rstrip()
    return line if len(line) <= LINE_CHARS else line[: LINE_CHARS - 1] + "…"


def make_memo(spec: RunSpec, prompt: str) -> dict[str, str]:
    """What a run that starts keeps."""
    line = first_line(prompt)
    memo = {ASKED_MEMO: line} if line else {}
    return {**memo, WHATIF_MEMO: "yes"} if spec.playback else memo


class RunMemos:
    """Reads the memos of the rows of one page. Anyone who reaches Temporal can start a workflow
    with any memo, which must not hide other rows."""

    def __init__(self, connection: Connection) -> None:
        self._client = connection.temporal
        self._unreadable = False
        """Whether keys or the database fail: then no other row is tried."""

    async def read_waiting(self, info: WorkflowExecutionInfo) -> list[Pending] | None:
        """Read what a run asks; None if that is unreadable.

        Raises:
            StoreError: It is unreadable for now.
        """
        if WAITING_MEMO not in info.memo.fields:
            return []
        return await self._read(info, WAITING_MEMO, list[Pending])

    async def read_asked(self, info: WorkflowExecutionInfo) -> str | None:
        """Read the first line that a run was asked; None if there is none, or it is unreadable.

        Raises:
            StoreError: It is unreadable for now.
        """
        if ASKED_MEMO not in info.memo.fields:
            return None
        text = await self._read(info, ASKED_MEMO, str)
        return first_line(text) or None if isinstance(text, str) else None

    async def show(
        self,
        read: Callable[[WorkflowExecutionInfo], Awaitable[ResultT | None]],
        info: WorkflowExecutionInfo,
    ) -> ResultT | None:
        """What `read` finds for a list, which is complete without it."""
        if self._unreadable:
            return None
        try:
            return await read(info)
        except HarnessError as error:
            self._unreadable = True
            log.info("memos are unreadable for now", error=error.message)
            return None

    async def _read(self, info: WorkflowExecutionInfo, name: str, kind: Any) -> Any:
        run = info.execution.workflow_id
        # Bound to the run: a memo copied from another run would show what that one asks.
        context = WorkflowSerializationContext(self._client.namespace, run)
        converter = self._client.data_converter.with_context(context)
        try:
            return (await converter.decode([info.memo.fields[name]], [kind]))[0]
        except Exception as error:
            if isinstance(error, HarnessError) and error.retryable:
                raise
            log.warning("a memo is unreadable", run=run, memo=name)
            return None
