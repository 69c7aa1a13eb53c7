"""The contexts that an agent's functions receive, and what they may ask of their worker."""

from __future__ import annotations

import logging
import threading
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from harness.config.settings import HttpToolSettings
from harness.contracts.errors import ToolFailed

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from harness.agent.memory_tools import RunMemory

D_co = TypeVar("D_co", covariant=True)


class ToolHost(Protocol):
    """What a worker offers to its tools. Also callable from a tool's thread."""

    @property
    def http(self) -> HttpToolSettings: ...

    @property
    def memory(self) -> RunMemory | None: ...

    def progress(self, text: str) -> None: ...

    def heartbeat(self, details: Any) -> None: ...

    def receipt(self, value: Any) -> None: ...

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection[Any]]: ...

    def preparing(self) -> AbstractAsyncContextManager[AsyncConnection[Any]]: ...

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection[Any]]: ...

    async def read_artifact(self, artifact: str, offset: int, limit: int | None) -> bytes: ...

    async def put_artifact(self, content: bytes) -> str: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class RunContext(Generic[D_co]):
    """The context of an agent's instructions function and output validators."""

    deps: D_co
    """The `deps` of the agent."""
    run: str
    logger: logging.LoggerAdapter[logging.Logger]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolContext(Generic[D_co]):
    """The context of a tool call: declare a parameter of this type; the model never sees it.

    `ToolContext[MyDeps]` declares the type of `deps`; `ToolContext[None]` if there are none.
    """

    deps: D_co
    """The `deps` of the agent."""
    run: str
    turn: int
    call_id: str
    tool: str
    idempotency_key: str
    """The same for every attempt of this call, and unique to it: pass it to the services you call.
    It changes if the call is undone and then repeated."""
    attempt: int
    """From 1; more than 1 when Temporal retries the call."""
    cancelled: threading.Event
    """Set when the run is aborted or the time is up. Async tools are cancelled as well; a function
    in a thread cannot be, so a long one should check this."""
    logger: logging.LoggerAdapter[logging.Logger]
    last_heartbeat: Any = None
    """The details of the previous attempt's last `heartbeat`."""
    prepared: Any = None
    """What the tool's `prepare` function returned before the first attempt acted."""
    root: Path | None = None
    host: ToolHost

    @property
    def workspace(self) -> Path:
        """The run's folder. Only tools declared with `workspace=True` are sent to its host."""
        if self.root is None:
            raise ToolFailed(
                f"{self.tool} has no workspace.",
                fix="Declare it with @tool(workspace=True) and start the run with a workspace.",
            )
        return self.root

    def progress(self, text: str) -> None:
        """Report progress to those who follow the run. Live only: history does not keep it.

        Args:
            text: What to show.
        """
        self.host.progress(text)

    def heartbeat(self, details: Any = None) -> None:
        """Save a value for the next attempt, in case this one dies. The worker sends heartbeats
        without it.

        Args:
            details: A JSON value; the next attempt has it as `last_heartbeat`.
        """
        self.host.heartbeat(details)

    def receipt(self, value: Any) -> None:
        """Record what the undo of this call needs. It is stored in the ledger with the result, and
        passed to the function under `@tool.undo`.

        Args:
            value: A JSON value, a pydantic model or a dataclass.
        """
        self.host.receipt(value)

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection[Any]]:
        """A connection to harness's own Postgres, in the transaction of the ledger's entry. It is
        committed when the tool returns and rolled back when it raises, so its changes happen
        exactly once. For async tools that declare an effect other than "read"."""
        return self.host.transaction()
