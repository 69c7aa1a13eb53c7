"""What a campaign did, as text."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from tests.chaos.checks import Evidence
from tests.chaos.faults import FAULTS


def keep_requests(seen: Evidence, file: Path) -> None:
    """Write what the provider saw, a line for each request, to find the cause of a violation."""
    file.parent.mkdir(parents=True, exist_ok=True)
    began = seen.served[0].at if seen.served else 0.0
    with file.open("w") as lines:
        for each in seen.served:
            ended = each.ended_at
            line = {
                "number": each.number, "at": round(each.at - began, 3),
                "ended": None if ended is None else round(ended - began, 3), "run": each.run,
                "step": each.step, "provider": each.provider, "worker": each.worker,
                "fault": each.fault and each.fault.name, "over_limit": each.over_limit,
                "used": [each.used.input, each.used.output],
            }  # fmt: skip
            lines.write(json.dumps(line) + "\n")


def describe(seen: Evidence, grants: int) -> str:
    """The figures of a campaign, a few lines."""
    plan = seen.plan
    states = Counter(str(each.state) for each in seen.ended.values())
    ways = Counter(each.charge for each in seen.served)
    cut = sum(map(seen.is_cut, seen.served))
    faults = Counter(each.fault.name for each in seen.served if each.fault)
    lines = [
        f"{len(plan.runs)} runs: " + ", ".join(f"{n} {name}" for name, n in sorted(states.items())),
        f"{len(seen.served)} requests, {sum(faults.values())} with a fault "
        f"({len(faults)} of {len(FAULTS)} kinds); charged: {ways['used']} exactly, "
        f"{ways['open']} unknown, {ways['nothing']} nothing",
        f"{len(seen.killed)} workers killed, {cut} calls cut by it",
        f"effects: {len(seen.effects)}",
    ]
    for name, meter in sorted(seen.meters.items()):
        lines.append(
            f"most in a minute, {name}: {meter.most_requests / plan.requests:.0%} of the requests, "
            f"{meter.most_tokens / plan.tokens:.0%} of the tokens"
        )
    if seen.account:
        lines.append(
            f"shared budget: {seen.account.spent:,} spent and {seen.account.lost:,} lost of "
            f"{seen.account.limit:,} tokens, granted {grants} times"
        )
    lines.append(
        f"booked: {seen.total.calls} calls ({seen.total.estimated} estimated), "
        f"{seen.total.input:,} + {seen.total.output:,} tokens, ${seen.total.cost / 1e6:.6f}"
    )
    lines.append("faults: " + ", ".join(f"{name} {n}" for name, n in sorted(faults.items())))
    return "\n".join(lines)
