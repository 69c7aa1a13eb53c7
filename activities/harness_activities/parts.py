"""What the activities of a worker are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.agent import Agent
from harness.engine.connection import Connection
from harness.mcp_tools.servers import Servers
from harness.providers.plan import Models
from harness.store import AttemptWriter, Database, Ledger, LiveWriter, Transcripts
from harness_activities.guard import Guard
from harness_activities.model_call.agent_gates import AgentGates
from harness_activities.tool_call.interception import Interception
from harness_activities.tool_call.toolbox import Toolbox
from harness_activities.tool_call.workspaces import Workspaces

Activity = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class ProcessParts:
    """What all agents of a process share: provider clients, caches and writers."""

    connection: Connection
    models: Models
    transcripts: Transcripts
    live: LiveWriter
    ledger: Ledger
    tool_database: Database
    attempts: AttemptWriter
    guard: Guard
    workspaces: Workspaces
    servers: Servers
    interception: Interception
    gates: AgentGates


@dataclass(frozen=True, kw_only=True)
class AgentParts:
    """What the activities of one agent are made from."""

    process: ProcessParts
    agent: Agent[Any, Any]
    box: Toolbox
