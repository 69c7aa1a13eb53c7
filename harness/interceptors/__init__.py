"""What capabilities put around each model call and each tool call of a run: limits, gates, logs.

An interceptor receives the call and the rest of the chain, as Temporal's interceptors do: it may
change the call, refuse it, wait, or look at the answer. A record names a function that makes one.
"""

from harness.interceptors.caller import Caller
from harness.interceptors.chain import (
    ClosableInterceptor,
    EditChecker,
    ModelInterceptor,
    NextModel,
    NextTool,
    ToolInterceptor,
    close_interceptors,
    pass_through,
)
from harness.interceptors.gate import (
    AskPerson,
    Change,
    Decision,
    Gate,
    ModelAnswer,
    Note,
    Stop,
    ToolAnswer,
)
from harness.interceptors.model_call import ModelCall
from harness.interceptors.tool_use import ToolUse

__all__ = [
    "AskPerson",
    "Caller",
    "Change",
    "ClosableInterceptor",
    "Decision",
    "EditChecker",
    "Gate",
    "ModelAnswer",
    "ModelCall",
    "ModelInterceptor",
    "NextModel",
    "NextTool",
    "Note",
    "Stop",
    "ToolAnswer",
    "ToolInterceptor",
    "ToolUse",
    "close_interceptors",
    "pass_through",
]
