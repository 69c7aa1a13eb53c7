"""A call of one candidate of a run's model plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.contracts.message import Message
from harness.contracts.model import ModelRequest
from harness.interceptors.caller import Caller
from harness.interceptors.gate import Gate


@dataclass(slots=True)
class Progress:
    """How far a call has come: its copies share it."""

    sent: bool = False
    """The provider was asked, so that it may count and charge."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCall:
    """One request to one model, before it is sent."""

    caller: Caller
    model: str
    """As provider/model."""
    request: ModelRequest
    sink: Callable[[str], None]
    """Receives each piece of text as it arrives; it must be cheap."""
    last: bool = True
    """Whether no other candidate of the plan follows."""
    transcript: Sequence[Message] = ()
    """The whole conversation; `request` may omit parts of it."""
    gates: Sequence[Gate] = ()
    """The agent's own gates of model calls."""
    progress: Progress = field(default_factory=Progress)
    """How far it has come: `progress.sent` says whether the provider was asked."""
