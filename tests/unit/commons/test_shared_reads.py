"""Reads that are shared: nobody gets an answer to a question from before they asked."""

from __future__ import annotations

import asyncio

from harness.commons.shared_reads import SharedReads


class Source:
    """Answers with its value at the moment it is asked, once it is let go."""

    def __init__(self) -> None:
        self.value = 0
        self.asked = 0
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()

    async def ask(self) -> int:
        self.asked += 1
        found = self.value
        self.begun.set()
        await self.gate.wait()
        return found


async def test_a_read_under_way_is_not_joined_and_the_next_one_is_shared() -> None:
    source, reads = Source(), SharedReads[int]()
    first = asyncio.create_task(reads.read("x", source.ask))
    await source.begun.wait()
    source.value = 1
    later = [asyncio.create_task(reads.read("x", source.ask)) for _ in range(5)]
    await asyncio.sleep(0)
    source.gate.set()
    assert await first == 0
    assert await asyncio.gather(*later) == [1] * 5
    assert source.asked == 2
    assert await reads.read("x", source.ask) == 1
    assert source.asked == 3


async def test_who_leaves_takes_nobody_along() -> None:
    source, reads = Source(), SharedReads[int]()
    first = asyncio.create_task(reads.read("x", source.ask))
    await source.begun.wait()
    second, third = (asyncio.create_task(reads.read("x", source.ask)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    source.gate.set()
    assert await third == 0
    assert source.asked == 2


async def test_a_read_that_nobody_waits_for_ends() -> None:
    source, reads = Source(), SharedReads[int]()
    before = asyncio.all_tasks()
    callers = [asyncio.create_task(reads.read("x", source.ask)) for _ in range(2)]
    await source.begun.wait()
    callers += [asyncio.create_task(reads.read("x", source.ask)) for _ in range(2)]
    await asyncio.sleep(0)
    for each in callers[:3]:
        each.cancel()
    await asyncio.wait(callers[:3])
    source.gate.set()
    assert await callers[3] == 0, "the one who stayed"
    source.gate.clear()
    others = [asyncio.create_task(reads.read(key, source.ask)) for key in range(100)]
    others.append(asyncio.create_task(reads.read(99, source.ask)))  # waits for the one before
    await asyncio.sleep(0)
    for each in others:
        each.cancel()
    await asyncio.wait(others)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    source.gate.set()
    assert await reads.read(99, source.ask) == 0


async def test_who_asks_while_a_read_that_was_left_ends_gets_the_next_one() -> None:
    source, reads = Source(), SharedReads[int]()
    for left_early in (True, False):
        source.gate.clear()
        left = asyncio.create_task(reads.read("x", source.ask))
        await asyncio.sleep(0)  # its read has not begun yet
        if not left_early:
            await asyncio.sleep(0)
        left.cancel()
        await asyncio.wait([left])
        source.value += 1
        source.gate.set()
        assert await reads.read("x", source.ask) == source.value


async def test_a_failure_reaches_all_who_share_it_and_is_not_kept() -> None:
    reads = SharedReads[int]()

    async def fail() -> int:
        raise OSError

    found = await asyncio.gather(*(reads.read("x", fail) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in found] == [OSError] * 3
    source = Source()
    source.gate.set()
    assert await reads.read("x", source.ask) == 0
