"""Calls of an agent's own functions: instructions from deps, and output validators."""

from __future__ import annotations

from typing import Any

from harness.contracts.base import Word


class WriteInstructions(Word):
    """Input of the `write_instructions` activity."""

    spec: str
    salt: str | None = None


class CheckOutput(Word):
    """Input of the `check_output` activity: a final answer that fits the schema."""

    spec: str
    turn: int
    text: str
    data: Any = None
    """The typed value, if the agent has an output type."""
    salt: str | None = None


class CheckedOutput(Word):
    """The final answer after the agent's output validators."""

    invalid: str | None = None
    """Why the model must answer again, worded for the model."""
    text: str | None = None
    """Absent: unchanged."""
    data: Any = None
