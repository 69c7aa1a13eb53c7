"""Answer the calls of a what-if from a record of other runs, or refuse them. No tool that could
change anything is called, and no person is asked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping

from harness.agent import AnyTool
from harness.agent.read_result import read_result
from harness.contracts.base import Flag
from harness.contracts.errors import CallNotRecorded, ContentCorrupt, ToolError
from harness.contracts.message import ToolResult
from harness.contracts.tool import Playback, RunTool, ToolOutcome
from harness.contracts.whatif import Record, Recorded, call_key
from harness_activities.tool_call.results import Artifacts

KEPT = 8

Results = Mapping[str, tuple[Recorded, ...]]


class Records:
    """The records that were read last."""

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._known: OrderedDict[str, Results] = OrderedDict()

    async def read_results(self, id: str) -> Results:
        if (known := self._known.get(id)) is not None:
            self._known.move_to_end(id)
            return known
        content = await self._artifacts.get(id)
        try:
            record = Record.model_validate_json(content)
        except ValueError as error:
            raise ContentCorrupt(
                f"Artifact {id} cannot be played back by this version of harness: {error}",
                fix="Run the what-if again with the version of harness that the worker has.",
            ) from error
        results = {call_key(call.name, call.arguments): call.results for call in record.calls}
        self._known[id] = results
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return results


async def play_back(
    playback: Playback,
    request: RunTool,
    records: Records,
    check: Callable[[], Awaitable[tuple[AnyTool, object]]],
    run: Callable[[], Awaitable[ToolOutcome]],
) -> ToolOutcome:
    """Return the recorded result. `check` finds the tool and validates the arguments, so that the
    model can correct its own mistakes; `run` runs it."""
    call = request.call
    results = (await records.read_results(playback.record)).get(call_key(call.name, call.arguments))
    if results:
        recorded = results[min(request.nth or 1, len(results)) - 1]
        return await _make_recorded_outcome(request, recorded, check)
    tool, _ = await check()
    # What is in the artifact store was recorded, too.
    reads = tool.policy.effect == "read" and tool.agent is None
    if tool is not read_result and not (playback.live_reads and reads):
        raise CallNotRecorded(
            f"No result of this call of {tool.name} is recorded, and tools do not run here. "
            "Continue with what is known.",
        )
    outcome = await run()
    if outcome.need is not None:
        raise CallNotRecorded(
            f"{tool.name} needs a person ({outcome.reason}), and a what-if asks no person. "
            "Continue with what is known.",
        )
    return outcome


async def _make_recorded_outcome(
    request: RunTool, recorded: Recorded, check: Callable[[], Awaitable[tuple[AnyTool, object]]]
) -> ToolOutcome:
    result = ToolResult(
        call=request.call.id,
        name=request.call.name,
        content=recorded.content,
        error=recorded.error,
        artifact=recorded.artifact,
    )
    outcome = ToolOutcome(result=result, failure=recorded.failure, played=True)
    if recorded.error:
        return outcome
    return outcome.model_copy(update={"handover": await _hands_over(check)})


async def _hands_over(check: Callable[[], Awaitable[tuple[AnyTool, object]]]) -> Flag:
    """Whether the call hands the conversation over: the what-if ends there."""
    try:
        tool, _ = await check()
    except ToolError:
        return None  # the agent has no such tool any more
    subagent = tool.policy.subagent
    return subagent and subagent.handover
