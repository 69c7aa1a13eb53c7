"""The same histories compared step by step, with all that today's code asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.contracts.errors import RunError
from harness.history.export import read_file
from harness.replay.check import Outcome, check, replay_recordings
from harness_workflows.run import agent_run, tools

HISTORIES = Path(__file__).parent.parent / "histories"
RECORDED = sorted(HISTORIES.glob("*/*.json"))
TOOLS = HISTORIES / "AgentRun" / "tools.json"


async def outcome(path: Path) -> Outcome:
    (found,) = [each async for each in replay_recordings([read_file(path)])]
    return found


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    asyncio.run(outcome(TOOLS))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_every_step_is_the_same(path: Path) -> None:
    found = await outcome(path)
    assert found.text == ""
    assert found.steps >= 2


def patched(function: Callable[..., Any], **changes: Any) -> Callable[..., Any]:
    def changed(spec: Any, request: Any) -> Any:
        return function(spec, request.model_copy(update=changes))

    return changed


async def test_a_changed_argument_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own check passes here."""
    monkeypatch.setattr(tools, "start_tool", patched(tools.start_tool, note="new"))
    found = await outcome(TOOLS)
    assert found.failure is None
    assert found.difference is not None
    assert found.difference.recorded is not None
    assert found.difference.recorded.content["activity"] == "run_tool"
    assert '+      "note": "new"' in found.text
    with pytest.raises(RunError, match="its content differs") as caught:
        await check(TOOLS)
    assert caught.value.code == "run.replay_differs"


async def test_a_changed_result_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    before = agent_run.AgentRun._build_result

    def louder(self: Any, *args: Any, **more: Any) -> Any:
        result = before(self, *args, **more)
        return result.model_copy(update={"output": result.output.upper()})

    monkeypatch.setattr(agent_run.AgentRun, "_build_result", louder)
    found = await outcome(TOOLS)
    assert found.difference is not None
    assert found.difference.recorded is not None
    assert found.difference.recorded.lane == "end"


async def test_a_step_that_is_new_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from temporalio import workflow

    before = agent_run.save_transcript

    async def noted(*args: Any, **more: Any) -> None:
        workflow.upsert_memo({"new": 1})
        await before(*args, **more)

    monkeypatch.setattr(agent_run, "save_transcript", noted)
    found = await outcome(TOOLS)
    assert not found.ok
    assert '{"new": 1}' in found.text
