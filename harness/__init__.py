"""Durable AI agents: every run is a Temporal workflow.

    from harness import Agent, Harness, tool

Names are loaded on first use, so that importing harness costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from harness.version import __version__

if TYPE_CHECKING:
    from harness.agent import Agent, Happened, ModelRetry, RunContext, Tool, ToolContext, tool
    from harness.contracts.errors import HarnessError
    from harness.contracts.model import ContextPolicy, ModelParams, ModelPlan
    from harness.contracts.run import Budget, RunResult, RunState
    from harness.sdk.local import Harness

__all__ = [
    "Agent",
    "Budget",
    "ContextPolicy",
    "Happened",
    "Harness",
    "HarnessError",
    "ModelParams",
    "ModelPlan",
    "ModelRetry",
    "RunContext",
    "RunResult",
    "RunState",
    "Tool",
    "ToolContext",
    "__version__",
    "tool",
]

_HOMES = {
    "Agent": "harness.agent",
    "Budget": "harness.contracts.run",
    "ContextPolicy": "harness.contracts.model",
    "Happened": "harness.agent",
    "Harness": "harness.sdk.local",
    "HarnessError": "harness.contracts.errors",
    "ModelParams": "harness.contracts.model",
    "ModelPlan": "harness.contracts.model",
    "ModelRetry": "harness.agent",
    "RunContext": "harness.agent",
    "RunResult": "harness.contracts.run",
    "RunState": "harness.contracts.run",
    "Tool": "harness.agent",
    "ToolContext": "harness.agent",
    "tool": "harness.agent",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
