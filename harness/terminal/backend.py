"""What commands need of the place where runs live: a stack, or a daemon elsewhere.

`harness.cli.stack_backend` implements it over a connection, `harness.remote` over HTTP.
"""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from harness.terminal.backend_parts import (
    BackendBudgets,
    BackendCare,
    BackendGates,
    BackendLimits,
    BackendMemories,
    BackendPolicies,
    BackendRequests,
)

if TYPE_CHECKING:
    from harness.access.rows import Credential, User
    from harness.api.caller import Role
    from harness.archive.views import (
        ArchiveVerification,
        ArchiveView,
        Rebuilt,
        Seal,
        SealedRuns,
        Verification,
    )
    from harness.config import Missing
    from harness.contracts.attempt import Attempt
    from harness.contracts.effect import EffectRow, UndoReport
    from harness.contracts.event import DurableEvent, Event
    from harness.contracts.ruling import Remember
    from harness.contracts.run import Pending
    from harness.contracts.sent_prompt import SentPrompt
    from harness.contracts.steering import Verdict
    from harness.contracts.verdicts import Decision
    from harness.conversations.client import Messages, Page, Read
    from harness.conversations.contracts import Card as ConversationCard
    from harness.conversations.contracts import Change as ConversationChange
    from harness.conversations.contracts import Policy, Receipt, TurnOptions
    from harness.conversations.files import Exported
    from harness.conversations.list_query import Filter
    from harness.forget.views import FamilyView, ForgottenRuns
    from harness.forks.fork import Change
    from harness.history.recording import Recording
    from harness.journal.card import Card
    from harness.prompts.prompt import Prompt
    from harness.prompts.views import (
        PromptList,
        RenderedPrompt,
        SavedPrompt,
        VersionList,
        VersionSummary,
        VersionView,
    )
    from harness.runs.decide import Shown
    from harness.runs.filter import RunFilter
    from harness.runs.listing import RunRow
    from harness.runs.published import ListedAgent
    from harness.sdk.result import RunResult
    from harness.webhooks.rows import Delivery, Webhook


class BackendRun(Protocol):
    """One run, to read and steer; `RunHandle` is one."""

    id: str

    @property
    def url(self) -> str | None: ...

    def events(self) -> AsyncIterator[Event]: ...

    async def trace(self) -> list[DurableEvent]: ...

    async def attempts(self) -> list[Attempt]: ...

    async def effects(self) -> list[EffectRow]: ...

    async def pending(self) -> list[Pending]: ...

    async def is_served(self) -> bool: ...

    async def trouble(self) -> str | None: ...

    async def outcome(self) -> RunResult[Any]: ...

    async def abort(self, reason: str = "aborted", *, undo: bool = False) -> None: ...

    async def hint(self, text: str, *, interrupt: bool = False) -> None: ...

    async def pause(self, reason: str | None = None) -> None: ...

    async def resume(self, reason: str | None = None) -> None: ...

    async def decide(
        self,
        verdict: Verdict,
        id: str | Shown | None = None,
        *,
        note: str | None = None,
        arguments: dict[str, Any] | None = None,
        replace: bool = False,
        answer: str | None = None,
        digest: str | None = None,
        remember: Remember | None = None,
        key: str | None = None,
    ) -> Decision: ...

    async def approve(
        self, id: str | Shown | None = None, *, note: str | None = None
    ) -> Decision: ...

    async def reject(
        self, id: str | Shown | None = None, *, note: str | None = None
    ) -> Decision: ...

    async def answer(self, text: str, id: str | Shown | None = None) -> Decision: ...

    async def undo(
        self, to_turn: int | None = None, *, dry_run: bool = False, past: Sequence[str] = ()
    ) -> UndoReport: ...


class BackendConversations(Protocol):
    """Conversations; `Conversations` is one."""

    async def create(
        self,
        agent: str,
        *,
        id: str | None = None,
        owner: str | None = None,
        title: str | None = None,
        tags: Sequence[str] = (),
        policy: Policy = "queue",
        model: str | None = None,
    ) -> ConversationCard: ...

    async def send(
        self,
        id: str,
        parts: str | Prompt,
        *,
        message: str | None = None,
        policy: Policy | None = None,
        options: TurnOptions | None = None,
    ) -> Receipt: ...

    async def change(self, id: str, change: ConversationChange) -> ConversationCard: ...

    async def fork(self, id: str, message: str) -> ConversationCard: ...

    async def read(self, id: str) -> Read: ...

    async def list(
        self, which: Filter | None = None, *, limit: int = 50, after: str | None = None
    ) -> Page: ...

    async def messages(self, id: str, *, limit: int = 50, after: str | None = None) -> Messages: ...

    async def export(self, id: str) -> Exported: ...

    async def load(
        self,
        exported: Exported,
        *,
        agent: str | None = None,
        id: str | None = None,
        owner: str | None = None,
    ) -> ConversationCard: ...


class BackendAccess(Protocol):
    """Users and API tokens."""

    async def list_users(self) -> list[User]: ...

    async def create_user(self, name: str, role: Role) -> User: ...

    async def change_user(
        self, name: str, *, role: Role | None = None, disabled: bool | None = None
    ) -> User: ...

    async def create_token(
        self, *, user: str | None, role: Role | None, name: str, expires_in: float | None
    ) -> tuple[Credential, str]: ...

    async def list_tokens(self, user: str | None) -> list[Credential]: ...

    async def revoke_token(self, id: str) -> Credential: ...


class BackendPrompts(Protocol):
    """Prompt templates."""

    async def list(
        self, *, archived: bool = False, limit: int = 50, after: str | None = None
    ) -> PromptList: ...

    async def save(self, name: str, text: str) -> SavedPrompt: ...

    async def find(self, ref: str) -> VersionView: ...

    async def list_versions(
        self, name: str, *, limit: int = 50, before: int | None = None
    ) -> VersionList: ...

    async def diff(self, before: str, after: str) -> str: ...

    async def set_archived(self, name: str, archived: bool) -> VersionSummary: ...

    async def fill(self, prompt: Prompt) -> RenderedPrompt: ...


class BackendWebhooks(Protocol):
    """Webhooks."""

    async def add(
        self, url: str, *, events: Sequence[str], agent: str | None, owner: str | None
    ) -> tuple[Webhook, str]: ...

    async def list(self) -> builtins.list[Webhook]: ...

    async def find(self, id: str) -> Webhook: ...

    async def remove(self, id: str) -> Webhook: ...

    async def test(self, id: str) -> str: ...

    async def resume(self, id: str) -> int: ...

    async def list_deliveries(self, id: str, limit: int) -> builtins.list[Delivery]: ...


class BackendArchive(Protocol):
    """Ended runs: sealed, listed, verified and forgotten."""

    async def show(self) -> ArchiveView: ...

    async def list_runs(
        self, *, agent: str | None, state: str | None, session: str | None, limit: int
    ) -> list[RunRow]: ...

    async def seal_run(self, run: str) -> Seal: ...

    async def seal_all(self, progress: Callable[[int], None]) -> SealedRuns: ...

    async def rebuild(self, progress: Callable[[int], None]) -> Rebuilt: ...

    async def verify(
        self, token: str | None, progress: Callable[[int], None], *, engine: bool
    ) -> ArchiveVerification: ...

    async def find_family(self, run: str) -> FamilyView: ...

    async def forget(self, run: str) -> ForgottenRuns: ...


class Backend(Protocol):
    """The place where runs live."""

    @property
    def ignored_restrictions(self) -> Missing | None: ...

    @property
    def conversations(self) -> BackendConversations: ...

    @property
    def access(self) -> BackendAccess: ...

    @property
    def archive(self) -> BackendArchive: ...

    @property
    def prompts(self) -> BackendPrompts: ...

    @property
    def memories(self) -> BackendMemories: ...

    @property
    def webhooks(self) -> BackendWebhooks: ...

    @property
    def limits(self) -> BackendLimits: ...

    @property
    def requests(self) -> BackendRequests: ...

    @property
    def budgets(self) -> BackendBudgets: ...

    @property
    def policies(self) -> BackendPolicies: ...

    @property
    def gates(self) -> BackendGates: ...

    @property
    def care(self) -> BackendCare: ...

    def get_run(self, id: str) -> BackendRun: ...

    async def list_runs(
        self, which: RunFilter, query: str | None = None, limit: int | None = None
    ) -> list[RunRow]: ...

    async def read_card(self, run: str) -> Card: ...

    async def find_token(self, run: str) -> str | None: ...

    async def read_history(
        self, run: str
    ) -> tuple[list[DurableEvent], Sequence[Attempt] | None]: ...

    async def record_run(self, run: str) -> Recording: ...

    async def read_sent_prompt(self, run: str, turn: int) -> SentPrompt: ...

    async def read_recording(self, run: str) -> Recording:
        """Read what replaying a run needs: its history. A daemon sends it with all the rest."""
        ...

    async def is_whatif(self, run: str) -> bool: ...

    async def verify_run(self, run: str, token: str | None) -> Verification: ...

    async def read_prompt(self, ref: str, words: Sequence[str]) -> Prompt: ...

    async def list_agents(self) -> list[ListedAgent]: ...

    async def fork_run(self, run: str, at: int, change: Change, id: str | None) -> BackendRun: ...
