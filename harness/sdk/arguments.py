"""Check what a caller passes before anything is started or asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.agent import Agent
from harness.contracts.errors import InvalidValue
from harness.contracts.message import Message
from harness.contracts.run import Budget
from harness.prompts.prompt import Prompt
from harness.runs.start_request import Request, as_messages


def make_request(
    agent: Agent[Any, Any] | str,
    prompt: str | Message | Sequence[Message] | Prompt,
    *,
    id: str | None = None,
    model: str | None = None,
    budget: Budget | None = None,
    workspace: Path | None = None,
    labels: Mapping[str, str] | None = None,
    priority: int | None = None,
    by_name: bool = False,
) -> Request:
    """Make the request to run `agent`; InvalidValue names the argument that is wrong. `by_name`: it
    may be the name of a published agent."""
    if not isinstance(agent, Agent) and not (by_name and isinstance(agent, str)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidValue(
            f"agent is {agent!r}, not an Agent.",
            fix='Declare one: Agent("greeter", instructions="Be brief.")',
        )
    return Request(
        messages=() if isinstance(prompt, Prompt) else as_messages(prompt),
        prompt=prompt if isinstance(prompt, Prompt) else None,
        id=id,
        model=model,
        budget=budget,
        workspace=workspace,
        labels=labels,
        priority=priority,
    )


def check_timeout(timeout: Any) -> None:
    """Raise InvalidValue unless `timeout` is None or a number of seconds, 0 or more."""
    if timeout is None:
        return
    # Not `timeout < 0`: every comparison with nan is false.
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout >= 0:
        raise InvalidValue(
            f"timeout is {timeout!r}.",
            fix="Pass a number of seconds, 0 or more, or None to wait without a limit.",
        )
