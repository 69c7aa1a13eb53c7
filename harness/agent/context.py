"""What tools and other functions of an agent are told, and what they may ask of their worker."""

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

D_co = TypeVar("D_co", covariant=True)


class ToolHost(Protocol):
    """What a worker lends to the tools that it runs. Callable from a tool's thread too."""

    @property
    def http(self) -> HttpToolSettings: ...

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
    """What an agent's own functions are told about the run they serve: its instructions function
    and its output validators."""

    deps: D_co
    """What the agent was given as `deps`."""
    run: str
    logger: logging.LoggerAdapter[logging.Logger]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolContext(Generic[D_co]):
    """Declare a parameter of this type and it is filled in; the model never sees it.

    `ToolContext[MyDeps]` says what `deps` is; `ToolContext[None]` where there are none.
    """

    deps: D_co
    """What the agent was given as `deps`."""
    run: str
    turn: int
    call_id: str
    tool: str
    idempotency_key: str
    """The same for every attempt of this call, and for no other call: hand it to what you call.
    Another one once the call was undone and is made again."""
    attempt: int
    """From 1; more than 1 when the engine tries again."""
    cancelled: threading.Event
    """Set when the run is aborted or time is up. Async tools are cancelled as well; a function in
    a thread cannot be, so a long one looks here."""
    logger: logging.LoggerAdapter[logging.Logger]
    last_heartbeat: Any = None
    """What the attempt before this one passed to its last `heartbeat`."""
    prepared: Any = None
    """What the tool's `prepare` function returned before the first attempt acted."""
    root: Path | None = None
    host: ToolHost

    @property
    def workspace(self) -> Path:
        """The run's folder. Only tools declared with `workspace=True` are sent to its host."""
        if self.root is None:
            raise ToolFailed(
                f"{self.tool} was given no workspace.",
                fix="Declare it with @tool(workspace=True) and start the run with a workspace.",
            )
        return self.root

    def progress(self, text: str) -> None:
        """Tell whoever watches how far the work is. Live only: history does not keep it.

        Args:
            text: What to show.
        """
        self.host.progress(text)

    def heartbeat(self, details: Any = None) -> None:
        """Leave a value for the next attempt, should this one die. That the tool is alive is
        reported without it.

        Args:
            details: A JSON value; the next attempt has it as `last_heartbeat`.
        """
        self.host.heartbeat(details)

    def receipt(self, value: Any) -> None:
        """Give what it takes to undo this call. It goes into the ledger with the result, and comes
        back to the function under `@tool.undo`.

        Args:
            value: A JSON value, a pydantic model or a dataclass.
        """
        self.host.receipt(value)

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection[Any]]:
        """A connection to harness's own Postgres, in a transaction that the ledger's entry is part
        of: it is committed when the tool returns and rolled back when it raises, so what is
        changed with it happens once. For async tools that declare an effect other than "read"."""
        return self.host.transaction()
