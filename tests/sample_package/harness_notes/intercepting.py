"""What notes put around model calls and tool calls: limits on their length."""

from __future__ import annotations

from harness.extensions import (
    Connection,
    ModelCall,
    ModelInterceptor,
    ModelReply,
    NextModel,
    NextTool,
    ToolInterceptor,
    ToolOutcome,
    ToolUse,
)
from harness_notes.errors import TextTooLong

MOST_IN_PROMPT = 10_000
MOST_IN_ARGUMENT = 1_000


class _PromptLimit:
    async def call_model(self, call: ModelCall, next: NextModel) -> ModelReply:
        """Refuse to send a long message to a model; the run fails."""
        _check_length(call.request.messages[-1].text, MOST_IN_PROMPT)
        return await next(call)


class _ArgumentLimit:
    async def call_tool(self, use: ToolUse, next: NextTool) -> ToolOutcome:
        """Refuse to count the words of a long text; the model reads why."""
        if use.tool == "count_words":
            _check_length(use.arguments["text"], MOST_IN_ARGUMENT)
        return await next(use)


def limit_prompts(connection: Connection) -> ModelInterceptor:
    """Make what stands around each model call."""
    del connection
    return _PromptLimit()


def limit_arguments(connection: Connection) -> ToolInterceptor:
    """Make what stands around each tool call."""
    del connection
    return _ArgumentLimit()


def _check_length(text: str, most: int) -> None:
    if len(text) > most:
        raise TextTooLong(f"The text has {len(text):,} characters.")
