"""Test agents with scripted models on a real local stack.

The pytest plug-in registers itself; its fixture is `run_agent`. Names are loaded on first use, so
that a project without agent tests pays nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.replay.check import check as check_replay
    from harness.testing.models import FunctionModel, ScriptedModel, TestModel
    from harness.testing.replies import Reply, call
    from harness.testing.runner import AgentRunner

__all__ = [
    "AgentRunner",
    "FunctionModel",
    "Reply",
    "ScriptedModel",
    "TestModel",
    "call",
    "check_replay",
]

_HOMES = {
    "AgentRunner": ("harness.testing.runner", "AgentRunner"),
    "FunctionModel": ("harness.testing.models", "FunctionModel"),
    "Reply": ("harness.testing.replies", "Reply"),
    "ScriptedModel": ("harness.testing.models", "ScriptedModel"),
    "TestModel": ("harness.testing.models", "TestModel"),
    "call": ("harness.testing.replies", "call"),
    "check_replay": ("harness.replay.check", "check"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value
