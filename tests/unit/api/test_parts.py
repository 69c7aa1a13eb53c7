"""What a daemon keeps beside its routes, when it ends."""

from __future__ import annotations

from harness.api.parts import DaemonParts


class Broken:
    async def close(self) -> None:
        raise RuntimeError("cannot be closed")


class Whole:
    closed = False

    async def close(self) -> None:
        self.closed = True


async def test_a_part_that_fails_keeps_no_other_open() -> None:
    parts = DaemonParts()
    parts.find(Broken, Broken)
    whole = parts.find(Whole, Whole)
    await parts.close()
    assert whole.closed
