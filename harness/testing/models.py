"""Models for tests. Calls reach them the way they reach a provider: through a worker's activity."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import cast

from harness.contracts.errors import HarnessError, ModelNotFound, ProviderBadRequest
from harness.contracts.message import Message
from harness.contracts.model import ModelReply, ModelRequest
from harness.providers.adapter import Sink
from harness.testing.replies import Answer, build_reply


class TestModel:
    """What models for tests share: they keep the requests that they got."""

    __test__ = False  # not a class of tests, whatever its name says to pytest

    def __init__(self) -> None:
        self.requests: list[ModelRequest] = []
        """Each call, the oldest first: its instructions, messages and tools."""

    async def answer(self, request: ModelRequest) -> Answer:
        """Make the model's answer. A model of your own overrides this.

        Args:
            request: Instructions, messages, tools and output schema of the call.

        Returns:
            A text, a `call(...)`, a list of calls, a value of the output type, a `Reply` or an
            error.
        """
        raise NotImplementedError

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        """Answer a call as a provider does. Workers call this.

        Args:
            request: The call.
            sink: Receives the text piece by piece.

        Returns:
            The reply in a provider's words.

        Raises:
            HarnessError: The answer is an error.
            ProviderBadRequest: `answer` raised something else.
        """
        self.requests.append(request)
        try:
            reply = build_reply(await self.answer(request), request)
        except HarnessError:
            raise
        except Exception as error:  # a retry, for minutes, would not help a test
            said = f"{type(error).__name__}: {error}"
            raise ProviderBadRequest(f"The model of the test raised {said}") from error
        for piece in re.findall(r"\s*\S+\s*$|\s*\S+|\s+$", reply.message.text):
            sink(piece)
        return reply

    async def close(self) -> None:
        """Nothing to close: workers close each model that they used."""
        return


class TestModels:
    """The provider of a test session. Each of its models has its own name, so that runs that go on
    at the same time reach their own."""

    __test__ = False

    def __init__(self) -> None:
        self._models: dict[str, TestModel] = {}
        self._count = 0

    @contextmanager
    def serve(self, model: TestModel) -> Generator[str]:
        """Yields the model's name while the block runs."""
        self._count += 1
        name = f"model-{self._count}"
        self._models[name] = model
        try:
            yield name
        finally:
            del self._models[name]

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        model = self._models.get(request.model)
        if model is None:
            raise ModelNotFound(
                f"The model {request.model!r} of a test is not served.",
                fix="Keep the block of run_agent.started open while its runs go on.",
            )
        return await model.stream(request, sink)

    async def close(self) -> None:
        return


class ScriptedModel(TestModel):
    """Answers with its replies in their order.

    A call beyond the last reply fails the run. A retry after an error takes the next reply.

    Args:
        replies: Each a text, a `call(...)`, a list of calls, a value of the output type, a `Reply`
            or an error to raise.
    """

    def __init__(self, *replies: Answer) -> None:
        super().__init__()
        self._replies = replies
        self._used = 0

    @property
    def left(self) -> tuple[Answer, ...]:
        """Replies that were not asked for."""
        return self._replies[self._used :]

    async def answer(self, request: ModelRequest) -> Answer:  # noqa: ARG002 - the base's signature
        if not self.left:
            count = len(self._replies)
            noun = "reply" if count == 1 else "replies"
            raise ProviderBadRequest(
                f"The scripted model has {count} {noun} and was called once more.",
                fix="Add the reply to the script, or find out why the run goes on.",
            )
        self._used += 1
        return self._replies[self._used - 1]


OfMessages = Callable[[Sequence[Message]], "Answer | Awaitable[Answer]"]
OfRequest = Callable[[Sequence[Message], ModelRequest], "Answer | Awaitable[Answer]"]


class FunctionModel(TestModel):
    """Answers with what a function returns.

    Args:
        fn: Takes the messages so far, or the messages and the whole request (instructions, tools,
            output schema). Async or not.
    """

    def __init__(self, fn: OfMessages | OfRequest) -> None:
        super().__init__()
        self._fn = fn
        self._takes_request = len(inspect.signature(fn).parameters) > 1

    async def answer(self, request: ModelRequest) -> Answer:
        if self._takes_request:
            answer = cast("OfRequest", self._fn)(request.messages, request)
        else:
            answer = cast("OfMessages", self._fn)(request.messages)
        return await answer if inspect.isawaitable(answer) else answer
