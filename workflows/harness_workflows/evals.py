"""Run an evaluation: start each item's run, check it, and go on in a new history now and then."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy

from harness.evals.contracts import (
    WORKFLOW,
    CheckItem,
    CodeChecked,
    EvalEnd,
    EvalItem,
    EvalStart,
    ItemStarted,
    State,
)

ITEMS = 300
"""Items of one history: about 12 entries each."""
LONGEST = timedelta(days=1)
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


@workflow.defn(name=WORKFLOW)
class EvalRun:
    def __init__(self) -> None:
        self.next = 0
        self.state: State = "done"
        self.lanes: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, request: EvalStart) -> EvalEnd:
        self.next = request.first or 0
        last = min(request.items, self.next + ITEMS)
        if self.state == "done":
            lanes = min(request.concurrency, last - self.next)
            self.lanes = [asyncio.create_task(self._run_lane(request, last)) for _ in range(lanes)]
            await self._wait_for_lanes()
        if self.state == "done" and self.next < request.items:
            workflow.continue_as_new(request.model_copy(update={"first": self.next}))
        end = EvalEnd(eval=request.eval, state=self.state)
        await _call("close_eval", end, EvalEnd)
        return end

    @workflow.signal(description="Start no more runs. Again: do not wait for open ones.")
    def stop(self, *_: RawValue) -> None:
        if self.state == "stopped":
            for lane in self.lanes:
                lane.cancel()
        self.state = "stopped"

    async def _wait_for_lanes(self) -> None:
        try:
            for ended in await asyncio.gather(*self.lanes, return_exceptions=True):
                if isinstance(ended, BaseException) and self.state != "stopped":
                    raise ended
        finally:
            for lane in self.lanes:
                lane.cancel()

    async def _run_lane(self, request: EvalStart, last: int) -> None:
        """Run one item after the other."""
        while self.state == "done" and self.next < last:
            item = EvalItem(eval=request.eval, number=self.next)
            self.next += 1
            if request.copies:
                item = await _call("copy_eval_workspace", item, EvalItem, queue=request.code)
            started = await _call("run_eval_item", item, ItemStarted)
            if started.over_budget:
                self.state = "over_budget" if self.state == "done" else self.state
            elif started.run is not None:
                await self._check_item(request, item, started.run)

    async def _check_item(self, request: EvalStart, item: EvalItem, run: str) -> None:
        check = CheckItem(item=item, run=run)
        if request.code is not None:
            code = await _call("check_eval_code", check, CodeChecked, queue=request.code)
            check = check.model_copy(update={"code": code})
        await _call("check_eval_item", check, EvalItem)


async def _call(name: str, request: Any, kind: type[Any], *, queue: str | None = None) -> Any:
    return await workflow.execute_activity(
        name,
        request,
        result_type=kind,
        task_queue=queue,
        start_to_close_timeout=LONGEST,
        heartbeat_timeout=timedelta(seconds=5),
        retry_policy=RETRY,
        cancellation_type=workflow.ActivityCancellationType.TRY_CANCEL,
    )
