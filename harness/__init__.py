"""Durable AI agents: every run is a Temporal workflow.

    import harness

    agent = harness.Agent("greeter", model="openai/gpt-5", instructions="Be brief.")
    print(harness.run_sync(agent, "Good morning!").output)

Beside this module: `harness.errors`, `harness.events`, `harness.testing` and `harness.tools`. Names
are loaded on first use, so that importing harness costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from harness.version import __version__

if TYPE_CHECKING:
    from harness import errors as errors
    from harness import events as events
    from harness import testing as testing
    from harness import tools as tools
    from harness.agent import (
        Agent,
        AnyTool,
        Approval,
        Ask,
        Happened,
        McpOAuth,
        McpServer,
        McpTool,
        ModelRetry,
        RunContext,
        Target,
        Tool,
        ToolContext,
        tool,
    )
    from harness.config import load_settings
    from harness.config.settings import ProviderSettings, Settings
    from harness.contracts.attempt import Attempt, Retry
    from harness.contracts.effect import EffectRow, Undone, UndoReport, UndoStep
    from harness.contracts.errors import ErrorInfo, HarnessError
    from harness.contracts.memory import MemoryPolicy
    from harness.contracts.message import FileRef, Image, Message, Text, ToolCall, ToolResult
    from harness.contracts.model import Candidate, ContextPolicy, ModelParams, ModelPlan, Usage
    from harness.contracts.run import Budget, Pending, RunState, RunStatus, Totals, TranscriptView
    from harness.contracts.verdicts import Decision
    from harness.contracts.whatif import Called, ForkOutcome, Outcome, SourceOutcome, WhatIfReport
    from harness.evals.observed import Observed
    from harness.forks.fork import Change
    from harness.history.export import read_file as read_recording
    from harness.history.recording import Recording
    from harness.journal.diff import DiffRow, DiffSide, RunDiff
    from harness.journal.whatif import summary as summarize_whatif
    from harness.prompts.prompt import Prompt
    from harness.runs.listing import RunNeed, RunRow
    from harness.sdk.handle import RunHandle
    from harness.sdk.local import Harness
    from harness.sdk.result import RunResult
    from harness.sdk.session import Session
    from harness.sdk.shortcuts import get_run, run, run_sync
    from harness.terminal.page.whatif_page import whatif_page_html as draw_whatif

__all__ = [
    "Agent",
    "AnyTool",
    "Approval",
    "Ask",
    "Attempt",
    "Budget",
    "Called",
    "Candidate",
    "Change",
    "ContextPolicy",
    "Decision",
    "DiffRow",
    "DiffSide",
    "EffectRow",
    "ErrorInfo",
    "FileRef",
    "ForkOutcome",
    "Happened",
    "Harness",
    "HarnessError",
    "Image",
    "McpOAuth",
    "McpServer",
    "McpTool",
    "MemoryPolicy",
    "Message",
    "ModelParams",
    "ModelPlan",
    "ModelRetry",
    "Observed",
    "Outcome",
    "Pending",
    "Prompt",
    "ProviderSettings",
    "Recording",
    "Retry",
    "RunContext",
    "RunDiff",
    "RunHandle",
    "RunNeed",
    "RunResult",
    "RunRow",
    "RunState",
    "RunStatus",
    "Session",
    "Settings",
    "SourceOutcome",
    "Target",
    "Text",
    "Tool",
    "ToolCall",
    "ToolContext",
    "ToolResult",
    "Totals",
    "TranscriptView",
    "UndoReport",
    "UndoStep",
    "Undone",
    "Usage",
    "WhatIfReport",
    "__version__",
    "draw_whatif",
    "get_run",
    "load_settings",
    "read_recording",
    "run",
    "run_sync",
    "summarize_whatif",
    "tool",
]

_HOMES = {
    "Agent": "harness.agent",
    "AnyTool": "harness.agent",
    "Approval": "harness.agent",
    "Ask": "harness.agent",
    "Attempt": "harness.contracts.attempt",
    "Budget": "harness.contracts.run",
    "Called": "harness.contracts.whatif",
    "Candidate": "harness.contracts.model",
    "Change": "harness.forks.fork",
    "ContextPolicy": "harness.contracts.model",
    "Decision": "harness.contracts.verdicts",
    "DiffRow": "harness.journal.diff",
    "DiffSide": "harness.journal.diff",
    "EffectRow": "harness.contracts.effect",
    "ErrorInfo": "harness.contracts.errors",
    "FileRef": "harness.contracts.message",
    "ForkOutcome": "harness.contracts.whatif",
    "Happened": "harness.agent",
    "Harness": "harness.sdk.local",
    "HarnessError": "harness.contracts.errors",
    "Image": "harness.contracts.message",
    "McpOAuth": "harness.agent",
    "McpServer": "harness.agent",
    "McpTool": "harness.agent",
    "Message": "harness.contracts.message",
    "ModelParams": "harness.contracts.model",
    "MemoryPolicy": "harness.contracts.memory",
    "ModelPlan": "harness.contracts.model",
    "ModelRetry": "harness.agent",
    "Observed": "harness.evals.observed",
    "Outcome": "harness.contracts.whatif",
    "Pending": "harness.contracts.run",
    "Prompt": "harness.prompts.prompt",
    "ProviderSettings": "harness.config.settings",
    "Recording": "harness.history.recording",
    "Retry": "harness.contracts.attempt",
    "RunContext": "harness.agent",
    "RunDiff": "harness.journal.diff",
    "RunHandle": "harness.sdk.handle",
    "RunResult": "harness.sdk.result",
    "RunNeed": "harness.runs.listing",
    "RunRow": "harness.runs.listing",
    "RunState": "harness.contracts.run",
    "RunStatus": "harness.contracts.run",
    "Session": "harness.sdk.session",
    "Settings": "harness.config.settings",
    "SourceOutcome": "harness.contracts.whatif",
    "Target": "harness.agent",
    "Text": "harness.contracts.message",
    "Tool": "harness.agent",
    "ToolCall": "harness.contracts.message",
    "ToolContext": "harness.agent",
    "ToolResult": "harness.contracts.message",
    "Totals": "harness.contracts.run",
    "TranscriptView": "harness.contracts.run",
    "UndoReport": "harness.contracts.effect",
    "UndoStep": "harness.contracts.effect",
    "Undone": "harness.contracts.effect",
    "Usage": "harness.contracts.model",
    "WhatIfReport": "harness.contracts.whatif",
    "draw_whatif": "harness.terminal.page.whatif_page:whatif_page_html",
    "get_run": "harness.sdk.shortcuts",
    "load_settings": "harness.config",
    "read_recording": "harness.history.export:read_file",
    "run": "harness.sdk.shortcuts",
    "run_sync": "harness.sdk.shortcuts",
    "summarize_whatif": "harness.journal.whatif:summary",
    "tool": "harness.agent",
}
"""The module that defines each name, and the name there if it differs."""
_MODULES = ("errors", "events", "extensions", "testing", "tools")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home, _, known_as = _HOMES[name].partition(":")
    value = getattr(import_module(home), known_as or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
