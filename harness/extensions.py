"""The building blocks of a capability, for authors of capabilities.

    from harness.extensions import Capability, Command, arg

See docs/how-to/write-a-capability.md. Names are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.api.body import Body
    from harness.api.caller import Role
    from harness.api.context import CallerOf, Context, VisibleRun
    from harness.api.route import Created, Route
    from harness.cli.context import open_client
    from harness.cli.out import Out
    from harness.cli.spec import JSON, Arg, Command, arg, flag
    from harness.config.settings import Harmless, ProviderSettings, Section
    from harness.contracts.capability import Capability, capability_schema
    from harness.contracts.errors import HarnessError
    from harness.contracts.message import Message, Text, ToolCall, ToolResult
    from harness.contracts.model import ModelReply, ModelRequest, Usage
    from harness.contracts.panel import Panel
    from harness.contracts.tool import ToolOutcome
    from harness.embeddings.clients import make_embedder
    from harness.embeddings.embedder import Embedder
    from harness.engine.connection import Connection
    from harness.engine.signed_start import own_queue, run_workflow, start_workflow
    from harness.interceptors import (
        AskPerson,
        Caller,
        Change,
        Decision,
        EditChecker,
        ModelAnswer,
        ModelCall,
        ModelInterceptor,
        NextModel,
        NextTool,
        Note,
        Stop,
        ToolAnswer,
        ToolInterceptor,
        ToolUse,
    )
    from harness.policies.evaluate import PolicyCall
    from harness.policies.policy import PolicyRule
    from harness.providers.adapter import Adapter, Sink
    from harness.runs.start import new_id
    from harness.store.database import Database
    from harness_activities.parts import AgentParts

__all__ = [
    "JSON",
    "Adapter",
    "AgentParts",
    "Arg",
    "AskPerson",
    "Body",
    "Caller",
    "CallerOf",
    "Capability",
    "Change",
    "Command",
    "Connection",
    "Context",
    "Created",
    "Database",
    "Decision",
    "EditChecker",
    "Embedder",
    "Harmless",
    "HarnessError",
    "Message",
    "ModelAnswer",
    "ModelCall",
    "ModelInterceptor",
    "ModelReply",
    "ModelRequest",
    "NextModel",
    "NextTool",
    "Note",
    "Out",
    "Panel",
    "PolicyCall",
    "PolicyRule",
    "ProviderSettings",
    "Role",
    "Route",
    "Section",
    "Sink",
    "Stop",
    "Text",
    "ToolAnswer",
    "ToolCall",
    "ToolInterceptor",
    "ToolOutcome",
    "ToolResult",
    "ToolUse",
    "Usage",
    "VisibleRun",
    "arg",
    "capability_schema",
    "flag",
    "make_embedder",
    "new_id",
    "open_client",
    "own_queue",
    "run_workflow",
    "start_workflow",
]

_HOMES = {
    "JSON": "harness.cli.spec",
    "Adapter": "harness.providers.adapter",
    "AgentParts": "harness_activities.parts",
    "Arg": "harness.cli.spec",
    "Capability": "harness.contracts.capability",
    "Command": "harness.cli.spec",
    "Connection": "harness.engine.connection",
    "Database": "harness.store.database",
    "Embedder": "harness.embeddings.embedder",
    "Harmless": "harness.config.settings",
    "HarnessError": "harness.contracts.errors",
    "Message": "harness.contracts.message",
    "ModelReply": "harness.contracts.model",
    "ModelRequest": "harness.contracts.model",
    "Out": "harness.cli.out",
    "Panel": "harness.contracts.panel",
    "ProviderSettings": "harness.config.settings",
    "Section": "harness.config.settings",
    "Sink": "harness.providers.adapter",
    "Text": "harness.contracts.message",
    "ToolCall": "harness.contracts.message",
    "Usage": "harness.contracts.model",
    "arg": "harness.cli.spec",
    "capability_schema": "harness.contracts.capability",
    "flag": "harness.cli.spec",
    "open_client": "harness.cli.context",
    "own_queue": "harness.engine.signed_start",
    "make_embedder": "harness.embeddings.clients",
    "new_id": "harness.runs.start",
    "run_workflow": "harness.engine.signed_start",
    "start_workflow": "harness.engine.signed_start",
    "Body": "harness.api.body",
    "CallerOf": "harness.api.context",
    "Context": "harness.api.context",
    "Role": "harness.api.caller",
    "Created": "harness.api.route",
    "Route": "harness.api.route",
    "VisibleRun": "harness.api.context",
    "Caller": "harness.interceptors",
    "EditChecker": "harness.interceptors",
    "PolicyCall": "harness.policies.evaluate",
    "PolicyRule": "harness.policies.policy",
    "AskPerson": "harness.interceptors",
    "Change": "harness.interceptors",
    "Decision": "harness.interceptors",
    "ModelAnswer": "harness.interceptors",
    "Note": "harness.interceptors",
    "Stop": "harness.interceptors",
    "ToolAnswer": "harness.interceptors",
    "ModelCall": "harness.interceptors",
    "ModelInterceptor": "harness.interceptors",
    "NextModel": "harness.interceptors",
    "NextTool": "harness.interceptors",
    "ToolInterceptor": "harness.interceptors",
    "ToolUse": "harness.interceptors",
    "ToolOutcome": "harness.contracts.tool",
    "ToolResult": "harness.contracts.message",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
