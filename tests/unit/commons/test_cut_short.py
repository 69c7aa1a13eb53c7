"""A block that is cut short by what happens beside it."""

from __future__ import annotations

import asyncio

import pytest

from harness.commons.cut_short import cut_short


async def lost() -> Exception:
    return ValueError("lost")


async def holds() -> Exception:
    await asyncio.Event().wait()
    raise AssertionError


async def test_it_ends_with_the_error_of_what_watches() -> None:
    with pytest.raises(ValueError, match="lost"):
        async with cut_short(lost()):
            await asyncio.Event().wait()
    current = asyncio.current_task()
    assert current and not current.cancelling()


async def test_a_block_that_ends_first_is_left_alone() -> None:
    async with cut_short(holds()):
        pass
    with pytest.raises(KeyError):
        async with cut_short(holds()):
            raise KeyError


@pytest.mark.parametrize("error", [None, KeyError("cleaning up")])
async def test_what_the_block_does_afterwards_does_not_hide_it(error: Exception | None) -> None:
    with pytest.raises(ValueError, match="lost"):
        async with cut_short(lost()):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if error:
                    raise error from None


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    async def block() -> None:
        async with cut_short(holds()):
            await asyncio.Event().wait()

    task = asyncio.create_task(block())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_both_at_once_is_a_cancellation() -> None:
    async def block() -> None:
        async with cut_short(lost()):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                current = asyncio.current_task()
                assert current
                current.cancel()
                await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(block())
