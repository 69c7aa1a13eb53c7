"""What a campaign did, as text."""

from __future__ import annotations

from collections import Counter

from tests.chaos.checks import Evidence
from tests.chaos.faults import FAULTS


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
