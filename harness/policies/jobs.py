"""What a child process does with a policy: reads it, and compares it with calls.

A pattern of ten characters can take 0.1 s to compile, and pydantic holds the interpreter's lock
meanwhile, so that no thread of the same process helps.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from harness.contracts.errors import InvalidPolicy
from harness.policies.evaluate import PolicyCall, compare_rules, find_rule
from harness.policies.policy import Policy, parse_policy


def read_text(content: bytes, *, where: str) -> bytes:
    """Convert a policy in TOML to its canonical JSON."""
    return _refusing(lambda: parse_policy(content.decode(), where).text).encode()


def find_rules(content: bytes) -> bytes:
    """Convert {"policy", "calls"} to the rule that fits each call, or null."""
    asked: dict[str, Any] = json.loads(content)
    policy = _read_canonical(asked["policy"])
    found = [find_rule(policy.rules, PolicyCall(**each)) for each in asked["calls"]]
    return json.dumps(
        [rule and {"name": rule.name, "decision": rule.decision, "override": rule.override}
         for rule in found]
    ).encode()  # fmt: skip


def explain_call(content: bytes) -> bytes:
    """Convert {"policy", "call"} to [place of the rule, why it does not fit] for each rule up to
    the one that fits."""
    asked: dict[str, Any] = json.loads(content)
    compared = compare_rules(_read_canonical(asked["policy"]).rules, PolicyCall(**asked["call"]))
    return json.dumps([[place, each.misfit] for place, each in enumerate(compared)]).encode()


@lru_cache(maxsize=1)
def _read_canonical(text: str) -> Policy:
    return Policy.model_validate_json(text)


def _refusing(read: Callable[[], str]) -> str:
    try:
        return read()
    except InvalidPolicy as error:
        raise ValueError(error.message) from None
