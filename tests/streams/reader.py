"""A reader that comes back with its last cursor however often its stream breaks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from bench.api import ApiClient

BROKEN = (OSError, EOFError, ValueError, asyncio.LimitOverrunError)
"""How a stream breaks: no connection, a half answer, a status that is no stream's."""
PAUSE_S = 0.2


@dataclass
class Reader:
    """What one reader has of a run."""

    api: ApiClient
    run: str
    other: ApiClient | None = None
    """Another daemon: each break changes over to the other one."""
    events: list[tuple[str, dict[str, Any]]] = field(
        default_factory=list[tuple[str, dict[str, Any]]]
    )
    """Durable events, each with its cursor."""
    shown: str = ""
    wrong: list[str] = field(default_factory=list[str])
    breaks: int = 0

    @property
    def cursor(self) -> str:
        return self.events[-1][0] if self.events else ""

    async def read(self) -> None:
        """Until the run's end."""
        while not await self._read_once():
            self.breaks += 1
            if self.other is not None:
                self.api, self.other = self.other, self.api
            await asyncio.sleep(PAUSE_S)

    async def _read_once(self) -> bool:
        try:
            async for kind, cursor, data in self.api.follow(self.run, self.cursor):
                if kind == "end":
                    return True
                if cursor:
                    self.events.append((cursor, data))
                self._show(kind, data)
        except BROKEN:
            pass
        return False

    def _show(self, kind: str, data: dict[str, Any]) -> None:
        if kind in ("model_called", "output_reset"):
            self.shown = ""
        elif kind == "output_delta":
            self.shown += data["text"]
        elif kind == "model_replied":
            parts = data["message"]["parts"]
            replied = "".join(part["text"] for part in parts if part["type"] == "text")
            if self.shown != replied:
                self.wrong.append(f"turn {data['turn']}: shown {self.shown!r}, not {replied!r}")

    def problems(self, whole: list[tuple[str, dict[str, Any]]]) -> list[str]:
        """What this reader has that is not so in history, or the other way round."""
        found = list(self.wrong)
        cursors = [cursor for cursor, _ in self.events]
        if len(set(cursors)) != len(cursors):
            found.append("an event came twice")
        if missing := [cursor for cursor, _ in whole if cursor not in set(cursors)]:
            found.append(f"never came: {missing[:5]}")
        if not found and self.events != whole:
            found.append("an event differs from history, or came out of order")
        return [f"{self.run}: {each}" for each in found]
