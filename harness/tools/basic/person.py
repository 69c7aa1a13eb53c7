"""The tool that asks a person."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from harness.agent import Ask, tool


@tool(effect="read", inline=True)
async def ask_human(
    question: Annotated[str, Field(min_length=1, max_length=4_000)],
) -> Ask:
    """Ask the person in charge and wait for the answer, however long it takes.

    Args:
        question: Everything the person needs to know to answer it.
    """
    return Ask(question)
