"""Turns: who wants much does not hold up the others."""

from __future__ import annotations

import asyncio

from harness.api.turns import Turns


class Places:
    """Takes turns and notes who had them."""

    def __init__(self, places: int) -> None:
        self.turns = Turns(places)
        self.had: list[str] = []
        self.gate = asyncio.Event()

    async def take(self, *users: str) -> None:
        async with self.turns.take(users):
            self.had.append(users[0])
            await self.gate.wait()


async def test_users_take_turns() -> None:
    places = Places(2)
    greedy = [asyncio.create_task(places.take("greedy")) for _ in range(50)]
    await asyncio.sleep(0)
    others = [asyncio.create_task(places.take(user)) for user in ("ana", "ben", "ana")]
    await asyncio.sleep(0)
    assert places.had == ["greedy"] * 2
    places.gate.set()
    await asyncio.gather(*greedy, *others)
    assert places.had[2:8] == ["greedy", "ana", "ben", "greedy", "ana", "greedy"]


async def test_what_several_want_waits_for_the_least_busy_of_them() -> None:
    places = Places(1)
    greedy = [asyncio.create_task(places.take("greedy")) for _ in range(50)]
    await asyncio.sleep(0)
    both = asyncio.create_task(places.take("greedy", "ana"))
    await asyncio.sleep(0)
    places.gate.set()
    await both
    assert len(places.had) <= 4
    await asyncio.gather(*greedy)


async def test_who_gives_up_keeps_no_place() -> None:
    places = Places(1)
    first, second, third = (asyncio.create_task(places.take(user)) for user in "abc")
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([second])
    first.cancel()  # its place goes to the third, who leaves at the same time
    await asyncio.sleep(0)
    third.cancel()
    await asyncio.wait([first, third])
    places.gate.set()
    async with asyncio.timeout(1):
        await places.take("d")
    assert places.had[0] == "a" and places.had[-1] == "d"
