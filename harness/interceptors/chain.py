"""What interceptors are, and how a call passes through them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Protocol, TypeVar, runtime_checkable

from harness.contracts.model import ModelReply
from harness.contracts.tool import ToolOutcome
from harness.interceptors.model_call import ModelCall
from harness.interceptors.tool_use import ToolUse

CallT = TypeVar("CallT")
AnswerT = TypeVar("AnswerT")
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


async def pass_through(
    entries: Iterable[Callable[[CallT, Callable[[CallT], Awaitable[AnswerT]]], Awaitable[AnswerT]]],
    call: CallT,
    carry_out: Callable[[CallT], Awaitable[AnswerT]],
) -> AnswerT:
    """Pass a call through the methods of interceptors, the first one outermost, to `carry_out`."""
    for enter in reversed([*entries]):
        carry_out = partial(_enter, enter, carry_out)
    return await carry_out(call)


async def _enter(
    enter: Callable[[CallT, Callable[[CallT], Awaitable[AnswerT]]], Awaitable[AnswerT]],
    next: Callable[[CallT], Awaitable[AnswerT]],
    call: CallT,
) -> AnswerT:
    return await enter(call, next)
