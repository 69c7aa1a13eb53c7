"""Today's workflow code does on every recorded history what it did when it was recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from harness.capabilities.registry import load_workflows
from harness.contracts.run import RunEnd, RunSpec
from harness.engine.converter import data_converter
from harness_workers.runner import make_workflow_runner
from harness_workflows.run.agent_run import AgentRun

WORKFLOWS = load_workflows()
HISTORIES = Path(__file__).parent.parent / "histories"
RECORDED = sorted(HISTORIES.glob("*/*.json"))


def read(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


def replayer(*workflows: type) -> Replayer:
    return Replayer(
        workflows=workflows,
        workflow_runner=make_workflow_runner(sandbox=True),
        data_converter=data_converter(),
    )


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """The first replay loads the sandbox."""
    asyncio.run(replayer(*WORKFLOWS).replay_workflow(read(RECORDED[0])))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_replays(path: Path) -> None:
    await replayer(*WORKFLOWS).replay_workflow(read(path))


def test_every_workflow_has_a_history() -> None:
    recorded = {path.parent.name for path in RECORDED}
    for each in WORKFLOWS:
        definition = workflow._Definition.must_from_class(each)
        assert definition.name in recorded, "record one: python -m tests.histories.record"


@workflow.defn(name="AgentRun")
class Changed(AgentRun):
    """Waits before it starts: runs in flight did not."""

    @workflow.init
    def __init__(self, spec: RunSpec) -> None:
        super().__init__(spec)

    @workflow.run
    async def run(self, spec: RunSpec) -> RunEnd:
        await workflow.sleep(1)
        return await super().run(spec)


async def test_a_change_is_noticed() -> None:
    changed = Replayer(
        workflows=[Changed],
        workflow_runner=UnsandboxedWorkflowRunner(),
        data_converter=data_converter(),
    )
    with pytest.raises(NondeterminismError):
        await changed.replay_workflow(read(HISTORIES / "AgentRun" / "tools.json"))
