"""Lets few things go at a time, and users take turns: who wants much waits for its own."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager


class Turns:
    """Places that users take one after the other, whoever asked first."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        """By user, the next one first."""

    @asynccontextmanager
    async def take(self, users: Iterable[str]) -> AsyncGenerator[None]:
        """Take a place for something that several users may want: the one among them who waits for
        least takes it."""
        await self._wait(min(users, key=lambda user: len(self._waiting.get(user, ()))))
        try:
            yield
        finally:
            self._give()

    async def _wait(self, user: str) -> None:
        if self._free:  # then nobody waits
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(user, turn)
            else:  # the place came at the same time
                self._give()
            raise

    def _give(self) -> None:
        while self._waiting:
            user, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[user] = turns  # behind all others
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _forget(self, user: str, turn: asyncio.Future[None]) -> None:
        turns = self._waiting.get(user)
        if turns and turn in turns:
            turns.remove(turn)
            if not turns:
                del self._waiting[user]
