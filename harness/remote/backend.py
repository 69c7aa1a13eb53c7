"""The operations of a daemon that commands use."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from harness.api.installation import (
    CapabilityDetails,
    CapabilityList,
    CapabilityView,
    ModelList,
    ModelView,
    SchemaList,
    SchemaView,
    ToolList,
    ToolView,
)
from harness.api.views import Me, Version
from harness.archive.views import Verification
from harness.commons.redact import register_secrets
from harness.config.logins import Server
from harness.contracts.attempt import Attempt
from harness.contracts.errors import (
    ContentCorrupt,
    DaemonAnswerInvalid,
    ErrorInfo,
    StoreError,
    from_info,
)
from harness.contracts.event import DurableEvent
from harness.contracts.run import Budget
from harness.contracts.sent_prompt import SentPrompt
from harness.contracts.whatif import WhatIfReport
from harness.forks.fork import Change
from harness.forks.views import Forked
from harness.forks.whatif import Question
from harness.history.bounded import FILE_BYTES
from harness.history.export import load_recording
from harness.history.recording import Recording
from harness.journal.card import Card
from harness.prompts.client import make_prompt
from harness.prompts.prompt import Prompt
from harness.prompts.template import read_template
from harness.prompts.views import VersionView, write_question
from harness.providers.trial import Trial
from harness.remote.access import RemoteAccess
from harness.remote.archive import RemoteArchive
from harness.remote.budgets import RemoteBudgets
from harness.remote.care import RemoteCare
from harness.remote.connection import DaemonConnection
from harness.remote.conversations import RemoteConversations
from harness.remote.gates import RemoteGates
from harness.remote.limits import RemoteLimits
from harness.remote.memories import RemoteMemories
from harness.remote.policies import RemotePolicies
from harness.remote.prompts import RemotePrompts
from harness.remote.requests import RemoteRequests
from harness.remote.run import RemoteRun
from harness.remote.webhooks import RemoteWebhooks
from harness.remote.whatif import Progress, RemoteWhatIf
from harness.runs.filter import RunFilter
from harness.runs.listing import RunRow
from harness.runs.published import ListedAgent
from harness.runs.views import AgentList, AgentView, RunList, Started
from harness.store.agents import Publication

PAGE = 500
MOST_PAGES = 2_000
"""A daemon that always has another page must not keep a command busy for ever."""


class RemoteBackend:
    """What commands do through a daemon."""

    def __init__(self, connection: DaemonConnection) -> None:
        self.connection = connection
        self.conversations = RemoteConversations(connection)
        self.access = RemoteAccess(connection)
        self.archive = RemoteArchive(connection)
        self.prompts = RemotePrompts(connection)
        self.webhooks = RemoteWebhooks(connection)
        self.limits = RemoteLimits(connection)
        self.memories = RemoteMemories(connection)
        self.requests = RemoteRequests(connection)
        self.budgets = RemoteBudgets(connection)
        self.policies = RemotePolicies(connection)
        self.gates = RemoteGates(connection)
        self.care = RemoteCare(connection)

    @property
    def ignored_restrictions(self) -> None:
        """None: a daemon refuses to serve while its restrictions do not count."""
        return

    async def read_me(self) -> Me:
        """Who the token belongs to."""
        return await self.connection.get(Me, "me")

    async def read_version(self) -> str:
        """The daemon's version."""
        found: Version = await self.connection.get(Version, "version")
        return found.version

    def get_run(self, id: str) -> RemoteRun:
        return RemoteRun(self.connection, id)

    async def list_runs(
        self, which: RunFilter, query: str | None = None, limit: int | None = None
    ) -> list[RunRow]:
        found, cursor = list[RunRow](), None
        for _ in range(MOST_PAGES):
            left = PAGE if limit is None else min(PAGE, limit - len(found))
            page: RunList = await self.connection.get(
                RunList, "runs", state=which.state, agent=which.agent, session=which.session,
                fork_of=which.fork_of, owner=which.owner, query=query, limit=left, cursor=cursor,
                since=which.since and which.since.isoformat(),
            )  # fmt: skip
            found += page.runs
            cursor = page.next
            if cursor is None or (limit is not None and len(found) >= limit):
                return found
        raise DaemonAnswerInvalid(f"{self.connection.url} keeps listing pages of runs.")

    async def read_card(self, run: str) -> Card:
        return await self.connection.get(Card, "runs", run)

    async def find_token(self, run: str) -> str | None:
        """The replay token is what `harness verify` shows; cards of a daemon have none."""
        del run
        return None

    async def read_history(self, run: str) -> tuple[list[DurableEvent], list[Attempt] | None]:
        return await self.get_run(run).read_history()

    async def record_run(self, run: str) -> Recording:
        data = await self.connection.fetch("runs", run, "export", most=FILE_BYTES)
        try:
            return load_recording(data.decode(), Path(f"the export of {self.connection.url}"))
        except (StoreError, UnicodeDecodeError) as error:
            why = error.message if isinstance(error, StoreError) else "it is not UTF-8"
            raise DaemonAnswerInvalid(f"{self.connection.url} sends no export: {why}") from None

    async def read_sent_prompt(self, run: str, turn: int) -> SentPrompt:
        path = ("runs", run, "prompts", str(turn))
        return await self.connection.get(SentPrompt, *path, most=FILE_BYTES)

    async def verify_run(self, run: str, token: str | None) -> Verification:
        return await self.connection.get(Verification, "runs", run, "verify", token=token)

    async def list_models(self) -> list[ModelView]:
        """The models that the daemon knows."""
        found: ModelList = await self.connection.get(ModelList, "models")
        return found.models

    async def test_model(self, model: str) -> Trial:
        """Let the daemon call a model once."""
        return await self.connection.post(Trial, "models", "test", body={"model": model})

    async def list_tools(self) -> list[ToolView]:
        """The built-in tools there."""
        found: ToolList = await self.connection.get(ToolList, "tools")
        return found.tools

    async def list_capabilities(self) -> list[CapabilityView]:
        """What the daemon can do."""
        found: CapabilityList = await self.connection.get(CapabilityList, "capabilities")
        return found.capabilities

    async def show_capability(self, name: str) -> CapabilityDetails:
        """One capability of the daemon."""
        return await self.connection.get(CapabilityDetails, "capabilities", name)

    async def list_schemas(self) -> list[SchemaView]:
        """The tables of the daemon's database."""
        found: SchemaList = await self.connection.get(SchemaList, "schemas")
        return found.schemas

    async def list_agents(self) -> list[ListedAgent]:
        found: AgentList = await self.connection.get(AgentList, "agents")
        return [_listed_agent(each) for each in found.agents]

    async def start_run(
        self,
        agent: str,
        asked: str | Prompt,
        *,
        id: str | None = None,
        model: str | None = None,
        budget: Budget | None = None,
        priority: int | None = None,
    ) -> RemoteRun:
        """Start a run of a published agent. Repeated with one key while the daemon restarts."""
        body = {
            **write_question(asked, "prompt"), "agent": agent, "id": id, "model": model,
            "budget": budget and budget.model_dump(mode="json", exclude_none=True),
            "priority": priority,
        }  # fmt: skip
        key = str(uuid.uuid4())
        started: Started = await self.connection.post(Started, "runs", body=body, key=key)
        return self.get_run(started.id)

    async def read_prompt(self, ref: str, words: Sequence[str]) -> Prompt:
        found: VersionView = await self.connection.get(VersionView, "prompts", ref)
        return make_prompt(ref, read_template(found.text), words)

    read_recording = record_run

    async def is_whatif(self, run: str) -> bool:
        return (await self.read_card(run)).whatif is True

    async def ask_whatif(
        self, runs: Sequence[str], question: Question, progress: Progress
    ) -> WhatIfReport:
        """Fork runs with a change, and compare."""
        return await RemoteWhatIf(self.connection, runs, question).ask(progress)

    async def fork_run(self, run: str, at: int, change: Change, id: str | None) -> RemoteRun:
        body: dict[str, Any] = {
            "at": at, "hint": change.hint, "model": change.model, "results": dict(change.results),
            "instructions": change.instructions, "id": id,
        }  # fmt: skip
        forked: Forked = await self.connection.post(Forked, "runs", run, "fork", body=body)
        return self.get_run(forked.id)


def _listed_agent(view: AgentView) -> ListedAgent:
    problem = view.error or ErrorInfo(
        code="store.content", message=view.problem or "", fix="", retryable=False
    )
    error = from_info(problem)
    agent = view.published_agent
    if agent is None:
        agent = error if isinstance(error, StoreError) else _unusable(problem)
    publication = Publication(
        name=view.name, agent=agent, build=view.build, host=view.host, first=view.first,
        last=view.published,
    )  # fmt: skip
    return ListedAgent(publication=publication, workers=tuple(view.workers))


def _unusable(problem: ErrorInfo) -> StoreError:
    return ContentCorrupt(problem.message, fix=problem.fix)


@asynccontextmanager
async def open_daemon_backend(server: Server) -> AsyncGenerator[RemoteBackend]:
    """The operations of a daemon, until the block ends. Sends nothing yet."""
    register_secrets([server.token])
    connection = DaemonConnection(server)
    try:
        yield RemoteBackend(connection)
    finally:
        await connection.close()
