"""How long the start of a command waits for what does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from harness.cli import patience as patience_module
from harness.cli.patience import Patience
from harness.contracts.errors import HarnessError, SchemaTooNew, StoreUnavailable


class Door:
    """Opens after some attempts."""

    def __init__(self, *errors: HarnessError) -> None:
        self._errors = list(errors)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[str]:
        if self._errors:
            raise self._errors.pop(0)
        yield "open"


async def enter(door: Door, notes: list[str], stop: asyncio.Event) -> str:
    async with AsyncExitStack() as stack:
        return await Patience(notes.append, stop).enter(stack, door.open)


async def test_it_opens_once_the_error_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience_module, "FIRST_PAUSE_S", 0.0)
    notes = list[str]()
    door = Door(*(StoreUnavailable("It starts up.") for _ in range(3)))
    assert await enter(door, notes, asyncio.Event()) == "open"
    assert notes == ["It starts up. Trying again for 60 s."]


async def test_it_waits_for_nothing_that_would_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SchemaTooNew):
        await enter(Door(SchemaTooNew("Newer.")), [], asyncio.Event())
    stop = asyncio.Event()
    stop.set()
    with pytest.raises(StoreUnavailable):  # Ctrl-C
        await enter(Door(StoreUnavailable("Away.")), [], stop)
    monkeypatch.setattr(patience_module, "PATIENCE_S", -1.0)
    with pytest.raises(StoreUnavailable):
        await enter(Door(StoreUnavailable("Away.")), [], asyncio.Event())
