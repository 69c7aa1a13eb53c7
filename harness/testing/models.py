"""Models for tests, called like a provider: through a worker's activity."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import ClassVar, cast

from harness.contracts.errors import BrokenTestModel, HarnessError, ModelNotFound
from harness.contracts.message import Message
from harness.contracts.model import ModelReply, ModelRequest
from harness.providers.adapter import Sink
from harness.testing.replies import Answer, build_reply, is_answer


class TestModel:
    """The base class of test models. It records the requests that it receives."""

    __test__ = False  # pytest would collect it by its name
    _verb: ClassVar[str] = "returned"

    def __init__(self) -> None:
        self.requests: list[ModelRequest] = []
        """The calls, oldest first: instructions, messages and tools of each."""

    async def answer(self, request: ModelRequest) -> Answer:
        """Answer a call. Override this in a model of your own.

        Args:
            request: The call: instructions, messages, tools and output schema.

        Returns:
            A text, a `call(...)`, a list of calls, a value of the output type, a `Reply` or an
            error.
        """
        raise NotImplementedError

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        """Answer a call as a provider would. Workers call this.

        Args:
            request: The call.
            sink: Receives the text piece by piece.

        Returns:
            The reply, as a provider returns it.

        Raises:
            HarnessError: The answer is an error.
            BrokenTestModel: `answer` raised another exception or returned no valid reply.
        """
        self.requests.append(request)
        try:
            answer = await self.answer(request)
            if not is_answer(answer):
                raise BrokenTestModel(
                    f"{self._name_source()} {self._verb} {answer!r}, which is not a reply.",
                    fix="Use a text, a call(...), a list of calls, a value of the output type, a "
                    "Reply or an error.",
                )
            reply = build_reply(answer, request)
        except HarnessError:
            raise
        except Exception as error:  # not retried: minutes of retries would not help a test
            why = f"{type(error).__name__}: {error}"
            raise BrokenTestModel(f"{self._name_source()} raised {why}") from error
        for piece in re.findall(r"\s*\S+\s*$|\s*\S+|\s+$", reply.message.text):
            sink(piece)
        return reply

    async def close(self) -> None:
        """Do nothing. Workers close each model that they used."""
        return

    def _name_source(self) -> str:
        """Name where the latest answer came from, for error messages."""
        return f"{type(self).__name__}.answer"


class TestModels:
    """The provider of a test session. Each model has its own name, so that each concurrent run
    calls its own model."""

    __test__ = False

    def __init__(self) -> None:
        self._models: dict[str, TestModel] = {}
        self._count = 0

    @contextmanager
    def serve_model(self, model: TestModel) -> Generator[str]:
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

    A call after the last reply fails the run with `BrokenTestModel`. A retry after an error gets
    the next reply.

    Args:
        replies: Each a text, a `call(...)`, a list of calls, a value of the output type, a `Reply`
            or an error to raise.
    """

    _verb = "is"

    def __init__(self, *replies: Answer) -> None:
        super().__init__()
        self._replies = replies
        self._used = 0

    @property
    def left(self) -> tuple[Answer, ...]:
        """The replies that were not used."""
        return self._replies[self._used :]

    async def answer(self, request: ModelRequest) -> Answer:  # noqa: ARG002 - the base's signature
        if not self.left:
            count = len(self._replies)
            noun = "1 reply" if count == 1 else f"{count or 'no'} replies"
            raise BrokenTestModel(
                f"Reply {count + 1} was requested, but the script has {noun}.",
                fix="Add a reply to the script, or find out why the run calls the model again.",
            )
        self._used += 1
        return self._replies[self._used - 1]

    def _name_source(self) -> str:
        return f"Reply {self._used} of {len(self._replies)} in the script"


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

    def _name_source(self) -> str:
        return f"The function {getattr(self._fn, '__name__', repr(self._fn))}"
