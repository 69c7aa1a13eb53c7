"""AgentRunner: runs an agent on the stack of a test session."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.agent import Agent
from harness.config.settings import Settings, settings_model
from harness.contracts.event import DecisionRequested
from harness.contracts.message import Message
from harness.contracts.run import Budget
from harness.providers.in_process import serve_adapter
from harness.sdk.handle import RunHandle
from harness.sdk.local import Harness
from harness.testing.models import TestModel, TestModels
from harness.testing.stack import local_stack

if TYPE_CHECKING:
    from harness.sdk.result import RunResult

Out = TypeVar("Out")

PROVIDER = "test"


def make_settings(own: Mapping[str, Any]) -> Settings:
    """Make the settings of a test session: quick to shut down, independent of the project and the
    environment."""
    return settings_model().model_validate(
        {
            "model": f"{PROVIDER}/model",
            "worker": {"graceful_shutdown_seconds": 0.5},
            "archive": {"enabled": False},
            **own,
            "providers": {**own.get("providers", {}), PROVIDER: {"kind": "offline"}},
        }
    )


@dataclass(frozen=True)
class TestStack:
    """The stack that the tests of a session share."""

    __test__ = False

    project: Path
    settings: Settings
    models: TestModels


@contextmanager
def open_test_stack(settings: Mapping[str, Any]) -> Generator[TestStack]:
    """Start Temporal and Postgres, and stop them when the block ends."""
    made, models = make_settings(settings), TestModels()
    with serve_adapter(PROVIDER, models), local_stack(made) as project:
        yield TestStack(project, made, models)


class AgentRunner:
    """The fixture `run_agent`: call it with an agent and a prompt."""

    def __init__(self, stack: TestStack, workspace: Path) -> None:
        self._stack = stack
        self._workspace = workspace

    async def __call__(
        self,
        agent: Agent[Any, Out],
        prompt: str | Message | Sequence[Message],
        *,
        model: TestModel | str,
        budget: Budget | None = None,
    ) -> RunResult[Out]:
        """Run the agent to the end. A failed run raises its error; a run that waits for a person
        raises AssertionError: use `started` and decide there.

        Args:
            agent: The agent to run. This process serves it for the duration of the run.
            prompt: A text, a message, or a conversation. It must not be empty.
            model: A test model, or a name such as "offline/demo".
            budget: Replaces the agent's limits.

        Returns:
            The result, as `RunHandle.result` returns it.
        """
        async with self.started(agent, prompt, model=model, budget=budget) as run:
            async for event in run.events():
                if isinstance(event, DecisionRequested):
                    await run.abort("the test makes no decisions")
                    raise AssertionError(
                        f"The run waits for a person: {event.question} Use run_agent.started, and "
                        "decide with run.approve(), run.reject() or run.decide()."
                    )
            return await run.result()

    @asynccontextmanager
    async def started(
        self,
        agent: Agent[Any, Out],
        prompt: str | Message | Sequence[Message],
        *,
        model: TestModel | str,
        budget: Budget | None = None,
    ) -> AsyncGenerator[RunHandle[Out]]:
        """Start a run and yield its handle: `async with run_agent.started(...) as run`.

        Args:
            agent: The agent to run. This process serves it until the block ends.
            prompt: A text, a message, or a conversation. It must not be empty.
            model: A test model, or a name such as "offline/demo".
            budget: Replaces the agent's limits.

        Returns:
            The run, open until the block ends.
        """
        stack = self._stack
        named = nullcontext(model) if isinstance(model, str) else stack.models.serve_model(model)
        with named as name:
            async with Harness.local(project=stack.project, settings=stack.settings) as harness:
                yield await harness.start(
                    agent,
                    prompt,
                    model=name if isinstance(model, str) else f"{PROVIDER}/{name}",
                    budget=budget,
                    workspace=self._workspace,
                )
