"""One run of an agent: the workflow that people watch, signal and query."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NoReturn

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from harness.contracts.effect import Undone
from harness.contracts.errors import HarnessError, SteeringError
from harness.contracts.model import ModelTurn
from harness.contracts.run import (
    WORKFLOW,
    Pending,
    RunEnd,
    RunSpec,
    RunState,
    RunStatus,
    TranscriptView,
)
from harness.contracts.steering import (
    Abort,
    Decide,
    Hint,
    Signal,
    Steering,
    check_size,
    plain_value,
    read_decide,
    read_signal,
)
from harness.contracts.verdicts import Decision, merge_arguments
from harness_workflows.run import card, waits
from harness_workflows.run.loop import run_loop
from harness_workflows.run.memories import learn_from_run
from harness_workflows.run.progress import restore_progress
from harness_workflows.run.saving import save_transcript
from harness_workflows.run.tools import are_edits_merged
from harness_workflows.run.undo_at_end import undo_at_end
from harness_workflows.run.verdicts import check_decision, check_edit, refuse_empty_edit


@workflow.defn(name=WORKFLOW)
class AgentRun:
    @workflow.init
    def __init__(self, spec: RunSpec) -> None:
        self.progress = restore_progress(spec)

    @workflow.run
    async def run(self, spec: RunSpec) -> RunEnd:  # noqa: ARG002
        try:
            reply = await run_loop(self.progress)
        except waits.FreshHistory:
            await self._continue_as_new()
        except HarnessError as error:
            await self._fail_run(error)
        return await self._end_run(reply)

    # --- steering: a signal must never raise, or the run wedges

    @workflow.signal(description='End the run. {"reason": "...", "undo": false}, or nothing.')
    async def abort(self, *values: RawValue) -> None:
        read = self._read_signal("abort", values)
        if isinstance(read, Abort):
            self.progress.request_abort(read.reason, undo=bool(read.undo), by=read.by)

    @workflow.signal(description='Tell the model something. {"text": "...", "interrupt": false}')
    async def hint(self, *values: RawValue) -> None:
        read = self._read_signal("hint", values)
        if isinstance(read, Hint):
            self._add_hint(read)

    @workflow.signal(description="Stop before the next step, until resume.")
    async def pause(self, *values: RawValue) -> None:
        if read := self._read_signal("pause", values):
            self.progress.request_pause(read.by)

    @workflow.signal(description="Go on after a pause.")
    async def resume(self, *values: RawValue) -> None:
        if self._read_signal("resume", values):
            self.progress.paused = False

    @workflow.update(
        description='Decide what waits. {"id": "...", "verdict": "approve|reject|edit|answer"}. '
        "Each pending entry says what a verdict does to it."
    )
    async def decide(self, *values: RawValue) -> Decision:
        decide, pending = self._read_decision(values)
        merged = None
        if decide.verdict == "edit" and pending.tool and are_edits_merged():
            merged = merge_arguments(decide, pending.arguments)
            decide = decide.model_copy(update={"arguments": merged})
            await self._check_edit(decide, pending)
        # Check and change in one step: an await between them would let two deciders both win.
        self.progress.decided[pending.id] = decide
        return Decision(
            id=pending.id,
            verdict=decide.verdict,
            by=decide.by,
            note=decide.note,
            edited=True if decide.verdict == "edit" else None,
            arguments=merged,
        )

    @decide.validator
    def _check_decide(self, *values: RawValue) -> None:
        decide, _ = self._read_decision(values)
        try:
            refuse_empty_edit(decide)  # only here: recorded decisions may contain one
        except SteeringError as error:
            raise _application_error(error) from None

    # --- questions

    @workflow.query(description="State, turn, what it does now, tokens, cost, what waits.")
    def status(self) -> RunStatus:
        return card.build_status(self.progress)

    @workflow.query(description="The head of the transcript and what is not stored yet.")
    def transcript(self) -> TranscriptView:
        return card.build_transcript(self.progress)

    @workflow.query(description="What waits for a person's decision.")
    def pending(self) -> list[Pending]:
        return list(card.list_pending(self.progress))

    @workflow.query(description="A card in Markdown, the same as the page's current details.")
    def card(self) -> str:
        return card.render_card(self.progress)

    # --- inside

    def _read_signal(self, name: Signal, values: Sequence[Any]) -> Steering | None:
        self.progress.signals += 1
        try:
            read = read_signal(name, _decode_values(values))
            if self.progress.spec.bounded:
                check_size(name, read)
        except SteeringError as error:
            self._note_refusal(error)
            return None
        return read

    def _add_hint(self, hint: Hint) -> None:
        try:
            self.progress.add_hint(hint)
        except SteeringError as error:
            self._note_refusal(error)

    def _note_refusal(self, error: SteeringError) -> None:
        # Many signals may be refused with the same message: the card is rendered once for all.
        if self.progress.refusal != error.message:
            self.progress.refusal = error.message
            card.show_doing(self.progress, self.progress.doing)

    def _read_decision(self, values: Sequence[Any]) -> tuple[Decide, Pending]:
        try:
            decide = read_decide(_decode_values(values))
            if self.progress.spec.bounded:
                check_size("decide", decide)
            return check_decision(self.progress, decide)
        except SteeringError as error:
            raise _application_error(error) from None

    async def _check_edit(self, decide: Decide, pending: Pending) -> None:
        try:
            await check_edit(self.progress, decide, pending)
        except HarnessError as error:
            raise _application_error(error) from None

    async def _end_run(self, reply: ModelTurn | None) -> RunEnd:
        progress = self.progress
        await save_transcript(progress)
        handed = progress.handed
        answered = reply is not None or (handed and handed.state is RunState.COMPLETED)
        if answered and not progress.undo:
            await learn_from_run(progress)
        undone = await undo_at_end(progress) if progress.undo else None
        # If a reply and an abort with undo arrive together, the abort wins.
        state = RunState.COMPLETED if answered and undone is None else RunState.ABORTED
        self._close_run(state)
        if progress.cancelled:
            raise asyncio.CancelledError
        final = reply if undone is None else None
        result = self._build_result(state, undone, data=final.data if final else None)
        if final and final.finish == "length":
            return result.model_copy(update={"truncated": True})
        return result

    async def _fail_run(self, error: HarnessError) -> NoReturn:
        await save_transcript(self.progress)
        progress = self.progress
        undone = await undo_at_end(progress) if progress.spec.undo or progress.undo else None
        self._close_run(RunState.FAILED)
        result = self._build_result(RunState.FAILED, undone).model_copy(
            update={"error": error.info}
        )
        raise ApplicationError(error.message, result, type=error.code, non_retryable=True)

    async def _continue_as_new(self) -> NoReturn:
        await save_transcript(self.progress, pending=False)
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(self.progress.carry_over())

    def _close_run(self, state: RunState) -> None:
        progress = self.progress
        progress.state = state
        card.show_doing(progress, "done")
        usage, cost = progress.totals.usage, progress.totals.cost_micros
        updates = [waits.STATE.value_set(state.value), waits.TOKENS.value_set(usage.total)]
        if cost is not None:
            updates.append(waits.COST.value_set(cost))
        waits.set_attributes(*updates)

    def _build_result(
        self, state: RunState, undone: Undone | None = None, *, data: Any = None
    ) -> RunEnd:
        progress = self.progress
        end = RunEnd(
            state=state,
            output=progress.reply,
            data=data,
            head=progress.head,
            totals=progress.totals,
            reason=progress.aborted if state is RunState.ABORTED else progress.finishing,
            undone=undone,
            unread=len(progress.hints) or None,
            handed_to=progress.handed_to,
        )
        handed = progress.handed
        if handed is None:
            return end
        said: dict[str, object] = {"output": handed.output, "head": handed.head or end.head}
        if state is RunState.COMPLETED:
            said |= {"data": handed.data, "truncated": handed.truncated, "reason": handed.reason}
        return end.model_copy(update=said)


def _application_error(error: HarnessError) -> ApplicationError:
    return ApplicationError(error.message, type=error.code, non_retryable=True)


def _decode_values(values: Sequence[Any]) -> list[Any]:
    """Decode what was typed as JSON; the SDK passes raw payloads."""
    return [
        plain_value(v.payload.metadata.get("encoding", b""), v.payload.data)
        if isinstance(v, RawValue)
        else v
        for v in values
    ]
