"""A tool call whose arguments fit the tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.contracts.tool import RunTool, ToolPolicy
from harness.interceptors.caller import Caller
from harness.interceptors.gate import Gate


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolUse:
    """One tool call, before a person is asked about it or it runs."""

    caller: Caller
    policy: ToolPolicy
    request: RunTool
    """The call as the run requests it. `approved` says that a person has allowed it."""
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The arguments as the tool receives them: of its own types, with its defaults."""
    gates: Sequence[Gate] = ()
    """The agent's own gates of tool calls."""

    @property
    def tool(self) -> str:
        """The tool's name."""
        return self.request.call.name

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments as the model wrote them."""
        given = self.request.call.arguments
        return given if isinstance(given, dict) else {}

    @property
    def derived_from(self) -> tuple[str, ...]:
        """Ids of the calls whose untrusted results alone hold some of the arguments. Empty if a
        person wrote the arguments."""
        derived = () if self.request.edited else self.request.call.derived or ()
        return tuple(dict.fromkeys(call for each in derived for call in each.calls))
