"""How a chat ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.contracts.run import RunState
    from harness.terminal.backend import BackendRun
    from harness.terminal.chat.inbox import ChatInbox
    from harness.terminal.input.attend import Attended


@dataclass(frozen=True)
class Left:
    """How a chat ended, and about which conversation it was then."""

    inbox: ChatInbox
    interrupted: bool = False
    state: RunState | None = None
    """Of the newest run that ended."""
    run: BackendRun | None = None
    attended: Attended | None = None
    """The run that goes on without the person."""
