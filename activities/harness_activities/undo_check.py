"""The activity of a dry run: `check_targets` finds what has changed since, and changes nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from temporalio import activity

from harness.agent import AnyTool
from harness.agent.key import undo_key
from harness.contracts.effect import CheckTargets, EffectRow, TargetCheck, TargetChecks
from harness.contracts.errors import HarnessError, TargetChanged, ToolFailed
from harness.contracts.message import ToolCall
from harness.contracts.tool import RunTool
from harness.store.children import Children
from harness.store.effects import PAGE, Ledger
from harness.undo.targets import Preview, Verdict, read_targets
from harness_activities.tool_call.failures import clean_message, describe_error
from harness_activities.tool_call.toolbox import Toolbox

EACH_S = 3.0
TOTAL_S = 10.0
"""Less than the workflow allows: what was found until then is returned."""

log = logging.getLogger("harness.tools")


def rebuild_call(row: EffectRow) -> RunTool:
    """Rebuild the call that had the effect, as far as a context needs it."""
    return RunTool(
        call=ToolCall(id=row.call, name=row.tool, arguments=row.arguments),
        turn=row.turn,
        origin=row.origin,
        workspace=row.workspace,
    )


async def find_below(
    children: Children | None, run: str, after_turn: int | None = None
) -> list[str]:
    return await children.find_below(run, after_turn) if children else []


@dataclass(frozen=True, kw_only=True)
class TargetActivities:
    """Checks the targets of one agent's effects."""

    box: Toolbox
    ledger: Ledger
    children: Children | None = None

    @activity.defn(name="check_targets")
    async def check_targets(self, request: CheckTargets) -> TargetChecks:
        """Check the targets of these effects, the newest first."""
        below = await find_below(self.children, request.run)
        rows = await self.ledger.find_effects(request.run, request.keys[:PAGE], below)
        preview = Preview()
        ends = asyncio.get_running_loop().time() + TOTAL_S
        found: list[TargetCheck] = []
        for row in rows:
            verdict = await self._judge(row, preview, ends)
            found.append(
                TargetCheck(key=row.key, changed=verdict.changed, why=clean_message(verdict.why))
            )
        return TargetChecks(checks=tuple(found))

    async def _judge(self, row: EffectRow, preview: Preview, ends: float) -> Verdict:
        left = ends - asyncio.get_running_loop().time()
        try:
            tool = self.box.get_tool(row.tool)
            why = _find_reason(row, tool) if left > 0 else f"The checks took over {TOTAL_S:g} s."
            if why is not None:
                return preview.pass_unchecked(row.call, f"Not checked: {why}")
            return preview.judge(row.call, await self._find_targets(row, tool, min(EACH_S, left)))
        except TargetChanged as error:
            return preview.find_changed(error.message)
        except HarnessError as error:
            return preview.pass_unchecked(row.call, f"Not checked: {error.message}")
        except TimeoutError:
            why = f"Not checked: the check of {row.tool} took over {EACH_S:g} s."
            return preview.pass_unchecked(row.call, why)
        except Exception as error:
            log.warning("the check of %s failed", row.tool, exc_info=True)
            why = f"Not checked: the check of {row.tool} failed: {describe_error(error)}"
            return preview.pass_unchecked(row.call, why)

    async def _find_targets(self, row: EffectRow, tool: AnyTool, limit: float) -> Any:
        """Call the tool's check. Without the ledger, its context has no transaction."""
        check = tool.hooks.check
        if check is None:
            raise AssertionError("a reason was found before")
        request = rebuild_call(row)
        receipt = tool.hooks.read_receipt(row.receipt)

        async def look() -> Any:
            await self.box.check_place(tool, request)
            host = self.box.make_host(request, row.run)
            key = undo_key(row.key, row.undos)
            context = await self.box.make_context(tool, request, host, key=key)
            found = await self.box.invoke(check, context, receipt)
            return await self.box.invoke(read_targets, found)  # in a thread: it may be large

        return await _wait_briefly(look, limit)


def _find_reason(row: EffectRow, tool: AnyTool) -> str | None:
    """Return why the target of an effect cannot be checked, if that is known without trying."""
    if tool.hooks.check is None:
        return f"{row.tool} has no check."
    if row.state == "undone":
        return "it has just been undone."
    if row.ended is None and tool.hooks.probe:
        return "whether the call happened is known only when it is undone."
    return None


async def _wait_briefly(work: Callable[[], Any], limit: float) -> Any:
    """Await `work` for so long, even if it ignores that it is cancelled then."""
    task = asyncio.ensure_future(work())
    try:
        await asyncio.wait({task}, timeout=limit)
    finally:
        if not task.done():
            task.cancel()
            task.add_done_callback(_drop_result)
    if not task.done():
        raise TimeoutError
    if task.cancelled():  # by itself: it must not look as if the activity were cancelled
        raise ToolFailed("The check was cancelled.")
    return task.result()


def _drop_result(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()  # or asyncio complains that nobody looked
