"""Undo the effects of a run, the newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, TimeoutType
from temporalio.exceptions import TimeoutError as TemporalTimeout

from harness.contracts.activities import check_targets, compensate, list_effects
from harness.contracts.effect import (
    UNDO,
    CheckTargets,
    Compensate,
    Compensated,
    EffectPage,
    ListEffects,
    StepState,
    TargetCheck,
    UndoItem,
    UndoReport,
    UndoSpec,
    UndoStep,
)
from harness.contracts.errors import ErrorInfo, TargetChanged
from harness_workflows.run.failures import map_failure

SHOWN = 40
"""Most steps on the card: large ones slow the page down."""
UNTAKEN_S = 5
CHECK_S = 15
"""A dry run waits no longer for a check to begin and to end."""
MARKS: dict[StepState, str] = {
    "undone": "undone", "would_undo": "would be undone", "passed": "left as it is",
    "stopped": "**stopped here**",
}  # fmt: skip


@workflow.defn(name=UNDO)
class Undo:
    @workflow.init
    def __init__(self, spec: UndoSpec) -> None:
        self.spec = spec
        self.steps = list(spec.steps)
        self.before = spec.before

    @workflow.run
    async def run(self, spec: UndoSpec) -> UndoReport:  # noqa: ARG002
        page = EffectPage(items=(), more=True)
        while page.more and not self._is_stopped:
            page = await self._list_effects()
            checks = await self._check_targets(page.items)
            for item in page.items:
                if workflow.info().is_continue_as_new_suggested():
                    workflow.continue_as_new(self._carry_over())
                await self._undo_effect(item, checks.get(item.key))
                self.before = item.seq
                if self._is_stopped:
                    break
        self._show_card("done")
        return self.report()

    @workflow.query(description="What has been done so far.")
    def report(self) -> UndoReport:
        spec = self.spec
        return UndoReport(
            run=spec.run, to_turn=spec.to_turn, dry_run=spec.dry_run, steps=tuple(self.steps)
        )

    @property
    def _is_stopped(self) -> bool:
        # A dry run continues, to show all obstacles.
        return not self.spec.dry_run and any(step.state == "stopped" for step in self.steps)

    async def _list_effects(self) -> EffectPage:
        self._show_card("reading the ledger")
        return await workflow.execute_activity(
            list_effects,
            ListEffects(run=self.spec.run, to_turn=self.spec.to_turn, before=self.before),
            start_to_close_timeout=timedelta(seconds=30),
            summary=f"effects of {self.spec.run}",
        )

    async def _check_targets(self, items: Sequence[UndoItem]) -> Mapping[str, TargetCheck]:
        """In a dry run, find out where the targets are which of them have changed."""
        if not self.spec.dry_run or not workflow.patched("check-targets"):
            return {}
        left = [each for each in items if not each.obstacle and each.call not in self.spec.past]
        if self.before is not None:
            why = "Not checked: only the newest effects are."
            return {each.key: TargetCheck(key=each.key, why=why) for each in left}
        self._show_card("checking the targets")
        queues: dict[str | None, list[str]] = {}
        for each in left:
            queues.setdefault(each.queue, []).append(each.key)
        found = await asyncio.gather(*(self._check_queue(*each) for each in queues.items()))
        return {each.key: each for checks in found for each in checks}

    async def _check_queue(self, queue: str | None, keys: Sequence[str]) -> tuple[TargetCheck, ...]:
        try:
            done = await workflow.execute_activity(
                check_targets,
                CheckTargets(run=self.spec.run, keys=tuple(keys)),
                task_queue=queue,
                schedule_to_start_timeout=timedelta(seconds=UNTAKEN_S),
                start_to_close_timeout=timedelta(seconds=CHECK_S),
                retry_policy=RetryPolicy(maximum_attempts=1),
                summary=f"check {len(keys)} targets",
            )
        except ActivityError as error:
            why = f"Not checked: {_explain_unchecked(error, queue)}"
            return tuple(TargetCheck(key=key, why=why) for key in keys)
        return done.checks

    async def _undo_effect(self, item: UndoItem, check: TargetCheck | None) -> None:
        self._show_card(f"undoing {item.title}")
        if item.call in self.spec.past:
            self._add_step(item, "passed")
        elif item.obstacle is not None:
            self._add_step(item, "stopped", obstacle=item.obstacle)
        elif check is not None and check.changed:
            self._add_step(item, "stopped", obstacle=TargetChanged(check.why).info, check=check)
        elif self.spec.dry_run:
            self._add_step(item, "would_undo", check=check)
        else:
            done = await self._compensate(item)
            state: StepState = "undone" if done.obstacle is None else "stopped"
            self._add_step(item, state, said=done.said, obstacle=done.obstacle)

    async def _compensate(self, item: UndoItem) -> Compensated:
        try:
            return await workflow.execute_activity(
                compensate,
                Compensate(key=item.key, run=self.spec.run),
                task_queue=item.queue,
                start_to_close_timeout=timedelta(minutes=5),
                heartbeat_timeout=timedelta(seconds=5),
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(milliseconds=500),
                    maximum_interval=timedelta(seconds=30),
                    maximum_attempts=10,
                ),
                summary=f"undo {item.title}"[:120],
            )
        except ActivityError as error:
            return Compensated(obstacle=map_failure(error).info)

    def _add_step(
        self,
        item: UndoItem,
        state: StepState,
        *,
        said: str | None = None,
        obstacle: ErrorInfo | None = None,
        check: TargetCheck | None = None,
    ) -> None:
        step = UndoStep(
            call=item.call, turn=item.turn, tool=item.tool, title=item.title, state=state,
            said=said, obstacle=obstacle, changed=check and check.changed,
            checked=check and check.why,
        )  # fmt: skip
        self.steps.append(step)

    def _carry_over(self) -> UndoSpec:
        changes = {"steps": tuple(self.steps), "before": self.before}
        return self.spec.model_copy(update=changes)

    def _show_card(self, doing: str) -> None:
        spec = self.spec
        what = "everything" if spec.to_turn is None else f"what came after turn {spec.to_turn}"
        lines = [f"Undo of `{spec.run}`: {what}{' (dry run)' if spec.dry_run else ''}"]
        lines += [f"**Now:** {doing}", "", "| turn | effect | |", "|---|---|---|"]
        for step in self.steps[-SHOWN:]:
            why = step.obstacle.message if step.obstacle else step.said or step.checked
            cells = [
                str(step.turn),
                f"`{step.title}`",
                MARKS[step.state] + (f": {why}" if why else ""),
            ]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        workflow.set_current_details("\n".join(lines))


def _explain_unchecked(error: ActivityError, queue: str | None) -> str:
    cause = error.cause
    if isinstance(cause, TemporalTimeout) and cause.type is TimeoutType.SCHEDULE_TO_START:
        where = "this agent" if queue is None else f"the queue {queue}"
        return f"no worker of {where} took the check within {UNTAKEN_S} s."
    return map_failure(error).info.message
