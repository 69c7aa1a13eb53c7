"""What a user declares: agents and their tools.

Importing it is cheap: it loads neither Temporal's SDK nor a provider's.
"""

from harness.agent.agent import Agent
from harness.agent.context import RunContext, ToolContext, ToolHost
from harness.agent.functions import ModelRetry
from harness.agent.hooks import Happened, Target
from harness.agent.key import idempotency_key
from harness.agent.mcp_server import McpOAuth, McpServer, McpTool
from harness.agent.schema import Signature
from harness.agent.tool import AnyTool, Approval, Ask, Tool, tool

__all__ = [
    "Agent",
    "AnyTool",
    "Approval",
    "Ask",
    "Happened",
    "McpOAuth",
    "McpServer",
    "McpTool",
    "ModelRetry",
    "RunContext",
    "Signature",
    "Target",
    "Tool",
    "ToolContext",
    "ToolHost",
    "idempotency_key",
    "tool",
]
