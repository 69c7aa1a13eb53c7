"""What capabilities put around each model call and each tool call of a run: limits, gates, logs.

An interceptor receives the call and the rest of the chain, as Temporal's interceptors do: it may
change the call, refuse it, wait, or look at the answer. A record names a function that makes one.
"""

from harness.interceptors.caller import Caller
from harness.interceptors.chain import (
    ModelInterceptor,
    NextModel,
    NextTool,
    ToolInterceptor,
    pass_through,
)
from harness.interceptors.model_call import ModelCall
from harness.interceptors.tool_use import ToolUse

__all__ = [
    "Caller",
    "ModelCall",
    "ModelInterceptor",
    "NextModel",
    "NextTool",
    "ToolInterceptor",
    "ToolUse",
    "pass_through",
]
