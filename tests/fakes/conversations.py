"""Words for tests of conversations."""

from __future__ import annotations

from typing import Any

from harness.conversations.client import Conversations
from harness.conversations.contracts import SessionView
from tests.fakes.runs import eventually


async def answered(inbox: Conversations, id: str, turns: int, seconds: float = 20.0) -> SessionView:
    """What the session says once so many turns have ended and their rows are written."""

    async def look() -> SessionView:
        view = (await inbox.read(id)).session
        assert view is not None
        return view

    view = await eventually(
        look, lambda seen: len(seen.turns) == turns and seen.open is None and not seen.queue,
        seconds,
    )  # fmt: skip
    numbers = {turn.number for turn in view.turns if turn.number is not None}
    rows = inbox.connection.database

    async def saved() -> set[int]:
        query = "SELECT number FROM harness_conversations.turn WHERE conversation = %s"
        return {number for (number,) in await rows.fetch(query, (id,))}

    await eventually(saved, lambda found: numbers <= found, seconds)
    return view


async def opened_run(inbox: Conversations, id: str) -> str | None:
    """The run that is open now."""
    view = (await inbox.read(id)).session
    return view.open.run if view and view.open else None


def said(body: dict[str, Any]) -> list[str]:
    """The texts that a model was asked with."""
    return [
        part["text"]
        for item in body["input"]
        if isinstance(item.get("content"), list)
        for part in item["content"]
    ] + [item["content"] for item in body["input"] if isinstance(item.get("content"), str)]
