"""`harness approve`, `reject` and `answer`: decide what a run waits for."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from harness.cli.out import Out
from harness.cli.targets import reach
from harness.client.handle import RunHandle
from harness.contracts.steering import Verdict
from harness.terminal.decide import arguments


async def approve(args: Namespace, out: Out) -> int:
    if args.edit is None:
        return await _decide(args, out, "approve")
    return await _decide(args, out, "edit", arguments=arguments(args.edit))


async def reject(args: Namespace, out: Out) -> int:
    return await _decide(args, out, "reject")


async def answer(args: Namespace, out: Out) -> int:
    args.query, args.note = None, None
    return await _decide(args, out, "answer", answer=args.text)


async def _decide(args: Namespace, out: Out, verdict: Verdict, **more: Any) -> int:
    async def act(run: RunHandle[Any]) -> dict[str, Any]:
        decision = await run.decide(verdict, args.call, note=args.note, **more)
        return decision.model_dump(mode="json", exclude_none=True)

    done = {"approve": "approved", "edit": "approved with other arguments"}
    words = done.get(verdict) or f"{verdict.removesuffix('e')}ed"
    return await reach(args, out, [args.run] if args.run else [], words, act)
