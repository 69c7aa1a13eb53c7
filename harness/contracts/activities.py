"""Signatures of the activities: what a workflow calls, without the code behind it.

The activities room registers functions under the same names and a test compares the signatures, so
a workflow is type-checked against activities that it never imports.
"""

from temporalio import activity

from harness.contracts.agent_code import CheckedOutput, CheckOutput, WriteInstructions
from harness.contracts.effect import (
    CheckTargets,
    Compensate,
    Compensated,
    EffectPage,
    ListEffects,
    TargetChecks,
)
from harness.contracts.memory_work import (
    LearnedMemories,
    LearnMemories,
    RecalledMemories,
    RecallMemories,
)
from harness.contracts.model import CallModel, CompactContext, Compacted, ModelTurn
from harness.contracts.seal import Sealed, SealEnded
from harness.contracts.tool import RunTool, ToolOutcome
from harness.contracts.transcript import SaveTranscript


@activity.defn
async def call_model(request: CallModel) -> ModelTurn:
    """Ask the model for the next message of the transcript."""
    ...


@activity.defn
async def compact_context(request: CompactContext) -> Compacted:
    """Have a model summarize a conversation, and store what stands for it."""
    ...


@activity.defn
async def write_instructions(request: WriteInstructions) -> str:
    """Call the agent's instructions function with its deps."""
    ...


@activity.defn
async def check_output(request: CheckOutput) -> CheckedOutput:
    """Run the agent's output validators on a final answer."""
    ...


@activity.defn
async def recall_memories(request: RecallMemories) -> RecalledMemories:
    """Find the memories that a run begins with."""
    ...


@activity.defn
async def learn_memories(request: LearnMemories) -> LearnedMemories:
    """Extract facts from a run that has its final answer."""
    ...


@activity.defn
async def run_tool(request: RunTool) -> ToolOutcome:
    """Run one tool call, or say what a person must decide first."""
    ...


@activity.defn
async def check_edit(request: RunTool) -> ToolOutcome:
    """Check a person's edit against the tool's schema: the failure, or nothing. Runs no tool."""
    ...


@activity.defn
async def save_transcript(request: SaveTranscript) -> str:
    """Make everything up to the returned head durable (before a run ends or continues as new)."""
    ...


@activity.defn
async def list_effects(request: ListEffects) -> EffectPage:
    """List the effects to undo, newest first."""
    ...


@activity.defn
async def compensate(request: Compensate) -> Compensated:
    """Undo one effect, or say why it cannot be undone."""
    ...


@activity.defn
async def check_targets(request: CheckTargets) -> TargetChecks:
    """Find out which targets have changed since, for a dry run. Changes nothing."""
    ...


@activity.defn
async def seal_ended(request: SealEnded) -> Sealed:
    """Seal runs that have ended, so that they outlive Temporal's retention period."""
    ...
