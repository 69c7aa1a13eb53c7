"""Signatures of the activities: what a workflow calls, without the code behind it.

The activities room registers functions under the same names and a test compares the signatures, so
a workflow is type-checked against activities that it never imports.
"""

from temporalio import activity

from harness.contracts.agent_code import CheckedOutput, CheckOutput, WriteInstructions
from harness.contracts.effect import Compensate, Compensated, EffectPage, ListEffects
from harness.contracts.model import CallModel, ModelTurn
from harness.contracts.seal import Sealed, SealEnded
from harness.contracts.tool import RunTool, ToolOutcome
from harness.contracts.transcript import SaveTranscript


@activity.defn
async def call_model(request: CallModel) -> ModelTurn:
    """Ask the model for the next message of the transcript."""
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
async def run_tool(request: RunTool) -> ToolOutcome:
    """Run one tool call, or say what a person must decide first."""
    ...


@activity.defn
async def check_edit(request: RunTool) -> ToolOutcome:
    """Whether a person's edit fits the tool: a failure that says why not, or nothing. It runs
    nothing."""
    ...


@activity.defn
async def save_transcript(request: SaveTranscript) -> str:
    """Make everything up to the returned head durable (before a run ends or goes on afresh)."""
    ...


@activity.defn
async def list_effects(request: ListEffects) -> EffectPage:
    """What there is to undo, the newest first."""
    ...


@activity.defn
async def compensate(request: Compensate) -> Compensated:
    """Take one effect back, or say why that cannot be done."""
    ...


@activity.defn
async def seal_ended(request: SealEnded) -> Sealed:
    """Seal runs that have ended, so that they outlive the engine's retention."""
    ...
