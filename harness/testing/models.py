"""Models for tests, called like a provider: through a worker's activity."""

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
    """The base of models for tests: it keeps the requests it received."""

    __test__ = False  # pytest would collect it by its name

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
        except Exception as error:  # minutes of retries would not help a test
            why = f"{type(error).__name__}: {error}"
            raise ProviderBadRequest(f"The test's model raised {why}") from error
        for piece in re.findall(r"\s*\S+\s*$|\s*\S+|\s+$", reply.message.text):
            sink(piece)
        return reply

    async def close(self) -> None:
        """Nothing to close: workers close each model that they used."""
        return


class TestModels:
    """The provider of a test session. Each model has its own name, so that concurrent runs do not
    mix them up."""

    __test__ = False

    def __init__(self) -> None:
        self._models: dict[str, TestModel] = {}
        self._count = 0

    @contextmanager
    def serve(self, model: TestModel) -> Generator[str]:
        """Serve a model while the block runs; yields its name."""
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
                f"The test model {request.model!r} is not served.",
                fix="Keep the run_agent.started block open until its runs end.",
            )
        return await model.stream(request, sink)

    async def close(self) -> None:
        return


class ScriptedModel(TestModel):
    """A model that gives its replies in order.

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
        """Replies that were not used."""
        return self._replies[self._used :]

    async def answer(self, request: ModelRequest) -> Answer:  # noqa: ARG002 - the base's signature
        if not self.left:
            count = len(self._replies)
            noun = "reply" if count == 1 else "replies"
            raise ProviderBadRequest(
                f"The scripted model has {count} {noun} and was called once more.",
                fix="Add a reply to the script, or find out why the run continues.",
            )
        self._used += 1
        return self._replies[self._used - 1]


OfMessages = Callable[[Sequence[Message]], "Answer | Awaitable[Answer]"]
OfRequest = Callable[[Sequence[Message], ModelRequest], "Answer | Awaitable[Answer]"]


class FunctionModel(TestModel):
    """A model that answers with the return value of a function.

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
