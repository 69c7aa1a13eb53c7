"""Agents that call one another as tools, and what the fake model server answers each of them."""

from __future__ import annotations

from collections import deque
from typing import Any

from pydantic_core import to_json

from tests.fakes.steps import Fail, Script, Step


def by_agent(**steps: tuple[Step, ...]) -> Script:
    """Answer each agent with its own steps in order: the one whose instructions are its key; the
    last step again and again."""
    left = {name: deque(each) for name, each in steps.items()}

    def answer(body: dict[str, Any]) -> Step:
        text = to_json(body).decode()
        for name, queue in left.items():
            if instructions_of(name) in text:
                return queue.popleft() if len(queue) > 1 else queue[0]
        return Fail(400, "No agent of the script was asked.")

    return answer


def instructions_of(name: str) -> str:
    """The instructions by which `by_agent` tells agents apart."""
    return f"You are the agent {name}."
