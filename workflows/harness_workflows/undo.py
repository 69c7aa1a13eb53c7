"""Undo the effects of a run, the newest first."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from harness.contracts.activities import compensate, list_effects
from harness.contracts.effect import (
    UNDO,
    Compensate,
    Compensated,
    EffectPage,
    ListEffects,
    StepState,
    UndoItem,
    UndoReport,
    UndoSpec,
    UndoStep,
)
from harness.contracts.errors import ErrorInfo
from harness_workflows.run.failures import map_failure

SHOWN = 40
"""Most steps on the card: large ones slow the page down."""
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
            for item in page.items:
                if workflow.info().is_continue_as_new_suggested():
                    workflow.continue_as_new(self._carry_over())
                await self._undo_effect(item)
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

    async def _undo_effect(self, item: UndoItem) -> None:
        self._show_card(f"undoing {item.title}")
        if item.call in self.spec.past:
            self._add_step(item, "passed")
        elif item.obstacle is not None:
            self._add_step(item, "stopped", obstacle=item.obstacle)
        elif self.spec.dry_run:
            self._add_step(item, "would_undo")
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
    ) -> None:
        step = UndoStep(
            call=item.call, turn=item.turn, tool=item.tool, title=item.title, state=state,
            said=said, obstacle=obstacle,
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
            why = step.obstacle.message if step.obstacle else step.said
            cells = [
                str(step.turn),
                f"`{step.title}`",
                MARKS[step.state] + (f": {why}" if why else ""),
            ]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        workflow.set_current_details("\n".join(lines))
