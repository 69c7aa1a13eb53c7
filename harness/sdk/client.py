"""HarnessClient: starts, finds and lists runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from typing_extensions import TypeVar

from harness.agent import Agent
from harness.commons.log import get_logger
from harness.config.providers import check_models
from harness.contracts.message import FileRef, Image, Message
from harness.contracts.run import Budget
from harness.contracts.whatif import WhatIfReport
from harness.engine.connection import Connection
from harness.engine.retry import run_not_found
from harness.forks.fork import Change
from harness.forks.playback import Read
from harness.forks.whatif import Progress, Question
from harness.history.follow import Feeds
from harness.history.recording import Recording
from harness.mcp_tools.servers import open_servers
from harness.prompts.prompt import Prompt
from harness.runs.attachments import attach_file
from harness.runs.listing import RunRow, list_runs
from harness.runs.published import find_pollers, find_published, store_agent
from harness.runs.start import start_run
from harness.runs.start_request import Request
from harness.sdk.arguments import check_timeout, make_request
from harness.sdk.forks import ask_whatif, fork_run
from harness.sdk.handle import RunHandle
from harness.sdk.handle_context import HandleContext
from harness.sdk.result import RunResult

Out = TypeVar("Out", default=Any)


class HarnessClient:
    """A connection to runs. It serves no agents; `Harness.local()` does."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._context = HandleContext(connection, Feeds(connection), self.serve)

    async def run(
        self,
        agent: Agent[Any, Out] | str,
        prompt: str | Message | Sequence[Message] | Prompt,
        *,
        id: str | None = None,
        model: str | None = None,
        budget: Budget | None = None,
        workspace: Path | None = None,
        labels: Mapping[str, str] | None = None,
        priority: int | None = None,
        timeout: float | None = None,
    ) -> RunResult[Out]:
        """Start a run and wait for its result. The run continues if the caller is cancelled.

        Args:
            agent: The agent to run, or the name of one that a worker has published.
            prompt: A text, a message, a conversation, or a `Prompt`. It must not be empty.
            id: The run's id. Calls with the same id and arguments start one run and join it.
            model: Replaces the agent's model, as provider/model.
            budget: Replaces the agent's limits.
            workspace: The folder that file tools work in.
            labels: Stored with the run, to filter lists by.
            priority: From 1 (most urgent) to 5; by default 3. It decides whose calls are made first
                when they must wait.
            timeout: Seconds to wait for the result. The run continues when they have passed.

        Returns:
            The result; its `output` is the typed value.

        Raises:
            InvalidValue: An argument is wrong; nothing was started.
            RunUnfinished: The run did not end in time; also a `TimeoutError`.
            HarnessError: The run could not start, or failed with this error.
        """
        check_timeout(timeout)
        handle = await self.start(
            agent, prompt, id=id, model=model, budget=budget, workspace=workspace, labels=labels,
            priority=priority,
        )  # fmt: skip
        return await handle.result(timeout)

    async def start(
        self,
        agent: Agent[Any, Out] | str,
        prompt: str | Message | Sequence[Message] | Prompt,
        *,
        id: str | None = None,
        model: str | None = None,
        budget: Budget | None = None,
        workspace: Path | None = None,
        labels: Mapping[str, str] | None = None,
        priority: int | None = None,
    ) -> RunHandle[Out]:
        """Start a run and return its handle at once.

        Args:
            agent: The agent to run, or the name of one that a worker has published.
            prompt: A text, a message, a conversation, or a `Prompt`. It must not be empty.
            id: The run's id. Calls with the same id and arguments start one run and join it.
            model: Replaces the agent's model, as provider/model.
            budget: Replaces the agent's limits.
            workspace: The folder that file tools work in.
            labels: Stored with the run, to filter lists by.
            priority: From 1 (most urgent) to 5; by default 3. It decides whose calls are made first
                when they must wait.

        Returns:
            A handle to follow, steer and await the run.

        Raises:
            InvalidValue: An argument is wrong; nothing was started.
            ConfigError: The key of the model's provider is missing, or no agent of that name is
                published.
            RunIdTaken: A different request started a run with that id.
        """
        request = make_request(
            agent, prompt, id=id, model=model, budget=budget, workspace=workspace, labels=labels,
            priority=priority, by_name=True,
        )  # fmt: skip
        return await self.begin(agent, request)

    async def begin(self, agent: Agent[Any, Out] | str, request: Request) -> RunHandle[Out]:
        """Start the run that a request describes. `start` and sessions call this.

        Args:
            agent: The agent to run, or its published name.
            request: The prompt and the options of the run.

        Returns:
            A handle of the run.
        """
        if isinstance(agent, str):
            return await self._begin_published(agent, request)
        served = await self.serve(agent)
        if served:  # this process makes the model calls, so it can check their keys now
            plan = agent.spec(self.connection.settings.model).plan.candidates
            models = [request.model] if request.model else [each.model for each in plan]
            check_models(self.connection.settings, models)
        agent = await self.load_servers(agent)
        stored = await store_agent(self.connection, agent)
        id = await start_run(self.connection, stored, request, eager=served)
        if not served and not await self.has_worker(agent):
            await self.warn_unserved(id, agent.name)
        return RunHandle(self._context, id, agent)

    async def _begin_published(self, name: str, request: Request) -> RunHandle[Any]:
        agent = await find_published(self.connection, name)
        id = await start_run(self.connection, agent, request, eager=False)
        if not await find_pollers(self.connection, name):
            await self.warn_unserved(id, name)
        return RunHandle(self._context, id)

    def get_run(self, id: str, agent: Agent[Any, Out] | None = None) -> RunHandle[Out]:
        """Get a handle of the run with this id. It sends no request: an unknown id raises
        RunNotFound when the handle is first used.

        Args:
            id: The run's id.
            agent: Its agent, for a typed `output` or to let this process serve it.

        Returns:
            A handle to follow, steer and await the run.

        Raises:
            RunNotFound: The id is empty.
        """
        if not id:
            raise run_not_found(id)
        return RunHandle(self._context, id, agent)

    async def list_runs(self, query: str = "", limit: int | None = None) -> AsyncIterator[RunRow]:
        """List runs, newest first.

        Args:
            query: A Temporal list filter, such as
                `HarnessState = 'waiting' AND HarnessAgent = 'calculator'`.
            limit: The maximum number of runs. Default: no limit.

        Returns:
            An iterator over the runs.

        Raises:
            InvalidValue: Temporal rejects the query.
            StackUnreachable: Temporal does not answer.
        """
        async for row in list_runs(self.connection, query, limit):
            yield row

    async def attach(self, file: Path) -> Image | FileRef:
        """Store a file for a message. The model sees a picture as such, and of any other file the
        name: it reads the content with `read_result`.

        Args:
            file: The file to store.

        Returns:
            A part for a `Message`.

        Raises:
            ContentTooLarge: The file exceeds the size limit.
        """
        return await attach_file(self.connection, file)

    async def fork(
        self,
        source: str | Recording,
        at: int,
        change: Change,
        *,
        agent: Agent[Any, Out] | None = None,
        id: str | None = None,
    ) -> RunHandle[Out]:
        """Start a run that continues another run, or an exported one, after turn `at`.

        Args:
            source: A run's id, or a recording read from a file.
            at: The last turn to keep; 0 keeps none.
            change: What differs in the new run.
            agent: Needed only to let this process serve the new run.
            id: The id of the new run. Calls with the same id start one run.

        Returns:
            A handle of the new run.

        Raises:
            RunNotFound: No run has this id.
            TurnNotFound: The run has no such turn.
        """
        forked = await fork_run(self._context, source, at, change, agent=agent, id=id)
        return self.get_run(forked, agent)

    async def whatif(
        self,
        sources: Sequence[str | Recording],
        at: int,
        change: Change | None = None,
        *,
        n: int = 5,
        live_reads: bool = False,
        agent: Agent[Any, Any] | None = None,
        read: Read | None = None,
        progress: Progress | None = None,
    ) -> WhatIfReport:
        """Explore how past runs might have continued: fork each of them `n` times after turn `at`.
        The forks run no tools. Their calls get the recorded results; a call without one is
        refused. Nothing has an effect outside harness, and nobody is asked to decide.

        Args:
            sources: Ids of runs, or recordings. One that cannot be forked does not stop the
                others: see `SourceOutcome.error`.
            at: The last turn to keep; 0 keeps none.
            change: What differs in the forks.
            n: The number of forks of each run.
            live_reads: Run read-only tools where nothing was recorded.
            agent: Needed only to let this process serve the forks.
            read: Finds a run that is neither in Temporal nor in the archive.
            progress: Called when a fork has ended.

        Returns:
            The outcome of each fork, next to that of its source.

        Raises:
            InvalidValue: There would be no forks, or too many.
            NoWorker: No worker serves the agent.
        """
        question = Question(at=at, change=change or Change(), n=n, live_reads=live_reads)
        return await ask_whatif(
            self._context,
            self.get_run,
            sources,
            question,
            agent=agent,
            read=read,
            progress=progress,
        )

    async def serve(self, agent: Agent[Any, Any]) -> bool:  # noqa: ARG002 - subclasses use it
        """Serve the agent from this process, if it hosts workers, until the harness is closed.

        Args:
            agent: The agent whose runs to serve.

        Returns:
            Whether this process serves it: always with `Harness.local()`, never with `connect()`.
        """
        return False

    async def load_servers(self, agent: Agent[Any, Out]) -> Agent[Any, Out]:
        """Add the tools of the agent's MCP servers, as they were approved here.

        Args:
            agent: The agent whose run begins.

        Returns:
            The agent with these tools; itself if it has no MCP server.
        """
        async with open_servers(self.connection.settings, self.connection.project) as servers:
            return await servers.complete_agent(agent)

    async def has_worker(self, agent: Agent[Any, Any]) -> bool:
        """Whether a worker has polled the agent's queue in the last few minutes.

        Temporal takes a while to notice that a worker has stopped; `RunHandle.is_served` asks the
        worker itself.

        Args:
            agent: The agent whose queue to look at.

        Returns:
            True if a worker has.
        """
        return bool(await find_pollers(self.connection, agent.name))

    async def warn_unserved(self, id: str, agent: str) -> None:
        """Log that no worker serves a run yet. Commands override this to print it.

        Args:
            id: The run's id.
            agent: The agent's name.
        """
        get_logger(__name__).warning(
            "no worker serves this agent yet; the run waits for one",
            run=id,
            agent=agent,
            fix="harness worker FILE.py",
        )
