"""What commands need of the place where runs live: a stack, or a daemon elsewhere.

`harness.cli.stack_backend` implements it over a connection, `harness.remote` over HTTP.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from harness.access.rows import Credential, User
    from harness.api.caller import Role
    from harness.archive.views import Verification
    from harness.contracts.attempt import Attempt
    from harness.contracts.effect import EffectRow, UndoReport
    from harness.contracts.event import DurableEvent, Event
    from harness.contracts.run import Pending
    from harness.contracts.steering import Verdict
    from harness.contracts.verdicts import Decision
    from harness.conversations.client import Messages, Page, Read
    from harness.conversations.contracts import Card as ConversationCard
    from harness.conversations.contracts import Change as ConversationChange
    from harness.conversations.contracts import Policy, Receipt, TurnOptions
    from harness.conversations.files import Exported
    from harness.conversations.list_query import Filter
    from harness.forks.fork import Change
    from harness.history.recording import Recording
    from harness.journal.card import Card
    from harness.prompts.prompt import Prompt
    from harness.runs.decide import Shown
    from harness.runs.filter import RunFilter
    from harness.runs.listing import RunRow
    from harness.runs.published import ListedAgent
    from harness.sdk.result import RunResult


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


class Backend(Protocol):
    """The place where runs live."""

    @property
    def conversations(self) -> BackendConversations: ...

    @property
    def access(self) -> BackendAccess: ...

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

    async def verify_run(self, run: str, token: str | None) -> Verification: ...

    async def read_prompt(self, ref: str, words: Sequence[str]) -> Prompt: ...

    async def list_agents(self) -> list[ListedAgent]: ...

    async def fork_run(self, run: str, at: int, change: Change, id: str | None) -> BackendRun: ...
