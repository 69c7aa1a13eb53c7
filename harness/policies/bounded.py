"""Read policies of others, and compare them, in a child process with limits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal, TypedDict

from harness.commons.children import Job, Limits, run_in_child
from harness.contracts.errors import InvalidPolicy, ToolError, ToolTimeout, ToolUnavailable
from harness.policies.evaluate import PolicyCall

LIMITS = Limits(seconds=10.0, memory_mb=768)
WHERE = "The policy"


class Fitting(TypedDict):
    """What is needed of the rule that fits a call."""

    name: str
    decision: Literal["allow", "deny", "ask"]
    override: bool


async def read_bounded(text: str) -> str:
    """Read a policy in TOML, and return its canonical JSON; raises InvalidPolicy."""
    content = text.encode(errors="replace")
    return (await _run("harness.policies.jobs:read_text", content, where=WHERE)).decode()


def write_call(call: PolicyCall) -> str:
    """Write a call as `find_bounded` takes it."""
    return json.dumps(asdict(call))


async def find_bounded(policy: str, calls: Sequence[str]) -> list[Fitting | None]:
    """Return the rule that fits each call. Raises InvalidPolicy.

    Args:
        policy: In canonical JSON.
        calls: Each as `write_call` writes it.
    """
    content = f'{{"policy": {json.dumps(policy)}, "calls": [{", ".join(calls)}]}}'
    return json.loads(await _run("harness.policies.jobs:find_rules", content.encode()))


async def explain_bounded(policy: str, call: PolicyCall) -> list[tuple[int, str | None]]:
    """Compare each rule, by its place, up to the first that fits. Raises InvalidPolicy."""
    content = json.dumps({"policy": policy, "call": asdict(call)})
    return json.loads(await _run("harness.policies.jobs:explain_call", content.encode()))


async def _run(job: Job, content: bytes, **arguments: Any) -> bytes:
    try:
        return await run_in_child(job, content, LIMITS, **arguments)
    except ToolUnavailable:
        raise
    except ToolTimeout:
        raise InvalidPolicy(
            f"{WHERE} takes longer than {LIMITS.seconds:g} s to read or to compare; simplify its "
            "patterns."
        ) from None
    except ToolError as error:
        raise InvalidPolicy(error.message) from None
