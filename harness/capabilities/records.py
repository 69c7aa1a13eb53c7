"""The one list of built-in capabilities. A new one is a record in its folder and a line here."""

from __future__ import annotations

BUILT_IN: tuple[str, ...] = (
    "harness.capabilities.kernel:STACK",
    "harness.runs.capability:RUNS",
    "harness.prompts.capability:PROMPTS",
    "harness.capabilities.kernel:HISTORY",
    "harness.capabilities.kernel:MODELS",
    "harness.capabilities.kernel:TOOLS",
    "harness.limits.capability:LIMITS",
    "harness.subagents.capability:SUBAGENTS",
    "harness.undo.capability:UNDO",
    "harness.replay.capability:REPLAY",
    "harness.forks.capability:FORKS",
    "harness.archive.capability:ARCHIVE",
    "harness.conversations.capability:CONVERSATIONS",
    "harness.backup.capability:BACKUP",
    "harness.forget.capability:FORGET",
    "harness.access.capability:ACCESS",
    "harness.activity.capability:ACTIVITY",
    "harness.api.capability:API",
    "harness.openai_api.capability:OPENAI_API",
    "harness.mcp_tools.capability:MCP",
    "harness.mcp_server.capability:MCP_SERVER",
    "harness.acp.capability:ACP",
    "harness.ui_streams.capability:UI_STREAMS",
    "harness.durable_streams.capability:DURABLE_STREAMS",
    "harness.webhooks.capability:WEBHOOKS",
    "harness.evals.capability:EVALS",
    "harness.temporal_page.capability:TEMPORAL_PAGE",
    "harness.page.capability:PAGE",
)
