"""`harness watch`: follow a run that another process, or nobody, serves."""

from __future__ import annotations

from argparse import Namespace

from harness.cli.opened import opened
from harness.cli.out import Out
from harness.cli.stay import stay
from harness.terminal.interrupts import interrupts


async def watch(args: Namespace, out: Out) -> int:
    async with opened(out) as client:
        with interrupts() as counted:
            return await stay(client.run(args.run), out, counted, None, leave=False)
