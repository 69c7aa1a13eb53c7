"""Pass a call through interceptors, the first one outermost, to what carries it out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, runtime_checkable

from harness.contracts.model import ModelReply
from harness.contracts.tool import ToolOutcome
from harness.interceptors.model_call import ModelCall
from harness.interceptors.tool_use import ToolUse

NextModel = Callable[[ModelCall], Awaitable[ModelReply]]
NextTool = Callable[[ToolUse], Awaitable[ToolOutcome]]


class ModelInterceptor(Protocol):
    """Stands around each call of a model that a run makes."""

    async def call_model(self, call: ModelCall, next: NextModel) -> ModelReply:
        """Answer the call, normally with what `next` returns for it.

        Args:
            call: The request to one candidate of the plan. The request is complete: trimmed,
                with its tools and parameters.
            next: The rest of the chain. Not awaiting it means that the provider is not called.

        Returns:
            The reply, with complete usage.

        Raises:
            ProviderError: The next candidate of the plan is called, if the error's category allows.
            HarnessError: The call fails, and is retried if the error is retryable.
        """
        ...


class ToolInterceptor(Protocol):
    """Stands around each tool call that a run makes."""

    async def call_tool(self, use: ToolUse, next: NextTool) -> ToolOutcome:
        """Carry the call out, normally with what `next` returns for it.

        Args:
            use: The call; its arguments fit the tool.
            next: The rest of the chain. Not awaiting it means that the tool does not run.

        Returns:
            The tool's result, or what a person must decide first.

        Raises:
            HarnessError: The call fails. The model reads the message.
        """
        ...


@runtime_checkable
class ClosableInterceptor(Protocol):
    """An interceptor that has something left to do when its worker process stops."""

    async def close(self) -> None:
        """Finish; no call is in progress any more."""
        ...


async def close_interceptors(interceptors: Sequence[object]) -> None:
    """Close those interceptors that have something left to do."""
    for each in interceptors:
        if isinstance(each, ClosableInterceptor):
            await each.close()


@runtime_checkable
class EditChecker(Protocol):
    """A tool interceptor that also checks what a person makes of a call, before the run accepts
    it."""

    async def check_edit(self, use: ToolUse) -> None:
        """Refuse an edited call that would not be carried out.

        Args:
            use: The call as it was edited; its arguments fit the tool.

        Raises:
            ToolError: The edit is refused. The person reads the message.
        """
        ...


async def call_model(
    interceptors: Sequence[ModelInterceptor], call: ModelCall, send: NextModel
) -> ModelReply:
    """Pass a model call through the interceptors to `send`."""
    for each in reversed(interceptors):
        send = partial(_enter_model, each, send)
    return await send(call)


async def call_tool(
    interceptors: Sequence[ToolInterceptor], use: ToolUse, run: NextTool
) -> ToolOutcome:
    """Pass a tool call through the interceptors to `run`."""
    for each in reversed(interceptors):
        run = partial(_enter_tool, each, run)
    return await run(use)


async def _enter_model(each: ModelInterceptor, next: NextModel, call: ModelCall) -> ModelReply:
    return await each.call_model(call, next)


async def _enter_tool(each: ToolInterceptor, next: NextTool, use: ToolUse) -> ToolOutcome:
    return await each.call_tool(use, next)
