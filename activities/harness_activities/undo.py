"""The activities of an undo: `list_effects` lists effects, `compensate` undoes one."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from temporalio import activity

from harness.agent import AnyTool, Happened
from harness.agent.hooks import Hooks
from harness.agent.key import sent_key, undo_key
from harness.contracts.effect import (
    Compensate,
    Compensated,
    EffectPage,
    EffectRow,
    ListEffects,
    UndoItem,
)
from harness.contracts.errors import (
    ErrorInfo,
    HarnessError,
    OutcomeUnknown,
    ToolError,
    ToolFailed,
    ToolTimeout,
    UndoUnavailable,
)
from harness.contracts.queues import agent_queue, workspace_queue
from harness.store.children import Children
from harness.store.effects import PAGE, Hold, Ledger
from harness.undo.offline import format_title, irreversible_error
from harness_activities.memory.undoing import withdraw_for_undo
from harness_activities.parts import Activity, AgentParts
from harness_activities.tool_call.failures import (
    clean_message,
    describe_error,
    is_retried,
    retry_error,
)
from harness_activities.tool_call.host import CallHost, get_time_limit
from harness_activities.tool_call.toolbox import Toolbox
from harness_activities.undo_check import TargetActivities, find_below, rebuild_call

log = logging.getLogger("harness.tools")


def make_activities(parts: AgentParts) -> list[Activity]:
    """The activities of undos, for the queue of an agent and of its workspaces' host."""
    ledger, children = parts.process.ledger, parts.process.connection.stores.children
    withdraw = partial(withdraw_for_undo, parts.process.connection, parts.process.guard)
    activities = EffectActivities(
        box=parts.box,
        ledger=ledger,
        children=children,
        withdraw=withdraw,  # also for an agent without memory: those that it calls may have some
    )
    checks = TargetActivities(box=parts.box, ledger=ledger, children=children)
    return [activities.list_effects, activities.compensate, checks.check_targets]


@dataclass(frozen=True, kw_only=True)
class EffectActivities:
    """Undoes the effects of one agent's tools."""

    box: Toolbox
    ledger: Ledger
    children: Children | None = None
    """Finds runs below a run; None: there are none."""
    withdraw: Callable[[str], Awaitable[None]] | None = None
    """Withdraws what was extracted from a run: no tool did that, so the ledger does not have it."""

    @activity.defn(name="list_effects")
    async def list_effects(self, request: ListEffects) -> EffectPage:
        """List the effects to undo, the newest first."""
        if request.before is None and self.withdraw is not None:
            await self.withdraw(request.run)
        below = await find_below(self.children, request.run, request.to_turn)
        rows = await self.ledger.effects_to_undo(
            request.run, request.to_turn, request.before, below=below
        )
        return EffectPage(
            items=tuple(self._build_item(row) for row in rows),
            more=True if len(rows) == PAGE else None,
        )

    @activity.defn(name="compensate")
    async def compensate(self, request: Compensate) -> Compensated:
        """Undo one effect, or return why that is impossible."""
        below = await find_below(self.children, request.run)
        hold, row = await self.ledger.begin_undo(request.key, request.run, below)
        host = self.box.make_host(rebuild_call(row), row.run)
        host.ledger = self.ledger
        host.start_heartbeats()
        try:
            return await self._undo_effect(hold, row, host)
        except HarnessError as error:
            await host.rollback(error)
            if error.retryable and is_retried(host.info, error):
                raise retry_error(error) from error
            await self.ledger.cancel_undo(hold, clean_message(error.message))
            return Compensated(obstacle=_clean_info(error))
        except BaseException as error:
            await host.rollback(error)
            raise
        finally:
            host.stop_heartbeats()
            await self.ledger.release(hold)

    async def _undo_effect(self, hold: Hold, row: EffectRow, host: CallHost) -> Compensated:
        if row.state == "undone":
            return Compensated(said=row.note)
        if (obstacle := self._find_obstacle(row)) is not None:
            raise obstacle
        tool = self.box.get_tool(row.tool)
        request = rebuild_call(row)
        await self.box.check_place(tool, request)
        limit = get_time_limit(tool.policy.timeout_s, host.info)
        context = await self.box.make_context(tool, request, host, key=undo_key(row.key, row.undos))
        try:
            async with asyncio.timeout(limit):
                receipt = row.receipt
                # The row is `undoing` by now; if it has no result, its outcome is unknown.
                if row.ended is None and tool.hooks.probe:
                    # The probe looks for what the call itself sent.
                    sent = sent_key(row.key, row.undos)
                    asked = dataclasses.replace(context, idempotency_key=sent)
                    found = await self.box.invoke(tool.hooks.probe, asked, row.arguments)
                    if found is None:
                        return await self._record_undone(hold, host, "it had not happened")
                    if isinstance(found, Happened) and found.receipt is not None:
                        receipt = found.receipt
                elif row.ended is None and receipt is None:
                    raise OutcomeUnknown(f"{row.tool} began and never reported back.")
                said = await self._call_undo(tool, context, receipt)
        except TimeoutError:
            raise ToolTimeout(f"The undo of {row.tool} took over {limit:g} s.") from None
        return await self._record_undone(
            hold, host, None if said is None else clean_message(str(said))
        )

    async def _call_undo(self, tool: AnyTool, context: Any, receipt: Any) -> Any:
        undo = tool.hooks.undo
        if undo is None:
            raise AssertionError("an obstacle was found before")
        try:
            return await self.box.invoke(undo, context, tool.hooks.read_receipt(receipt))
        except (HarnessError, TimeoutError):
            raise
        except Exception as error:
            log.warning("the undo of %s failed", tool.name, exc_info=True)
            raise ToolFailed(f"The undo of {tool.name} failed: {describe_error(error)}") from None

    async def _record_undone(self, hold: Hold, host: CallHost, said: str | None) -> Compensated:
        await self.ledger.mark_undone(hold, said, inside=host.inside)
        await host.commit()
        return Compensated(said=said)

    def _build_item(self, row: EffectRow) -> UndoItem:
        obstacle = self._find_obstacle(row)
        return UndoItem(
            key=row.key, seq=row.seq, turn=row.turn, call=row.call, tool=row.tool,
            effect=row.effect, title=format_title(row),
            queue=self._find_queue(row),
            obstacle=obstacle and _clean_info(obstacle),
        )  # fmt: skip

    def _find_queue(self, row: EffectRow) -> str | None:
        """The queue of the worker that undoes it; None for that of this agent."""
        if row.workspace is not None:
            return workspace_queue(row.agent, row.workspace.host)
        return None if row.agent == self.box.agent.name else agent_queue(row.agent)

    def _find_obstacle(self, row: EffectRow) -> ToolError | None:
        """Return why it cannot be undone, as far as that is known without trying."""
        if row.effect == "irreversible":
            return irreversible_error(row.tool)
        if row.agent != self.box.agent.name:
            return None  # its tool is another agent's, whose worker is asked to undo it
        try:
            hooks = self.box.get_tool(row.tool).hooks
        except ToolError:
            return UndoUnavailable(f"The agent has no tool {row.tool} any more.")
        if hooks.undo is None:
            return UndoUnavailable(f"{row.tool} has no undo function.")
        if hooks.obstacle and (row.receipt is not None or row.ended is not None):
            return _read_obstacle(hooks, row)
        if row.state == "begun" and row.receipt is None and hooks.probe is None:
            return OutcomeUnknown(f"{row.tool} began and never reported back.")
        return None


def _read_obstacle(hooks: Hooks, row: EffectRow) -> ToolError | None:
    """Return the obstacle that the call's receipt describes."""
    if row.receipt is None or hooks.obstacle is None:
        return UndoUnavailable(f"{row.tool} left nothing that says how it is undone.")
    try:
        why = hooks.obstacle(hooks.read_receipt(row.receipt))
    except ToolError as error:
        return error
    return UndoUnavailable(why) if why else None


def _clean_info(error: HarnessError) -> ErrorInfo:
    return error.info.model_copy(update={"message": clean_message(error.message)})
