"""Which rule decides, and what rules may say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.contracts.errors import InvalidPolicy
from harness.contracts.ruling import fits_whom
from harness.policies import conditions
from harness.policies.evaluate import PolicyCall, compare_rules, find_rule
from harness.policies.policy import PINNED, Policy, parse_policy, read_policy

TEXT = """
[[rules]]
name = "no secrets"
decision = "deny"
arguments = { "**" = { glob = "*secret*", ignore_case = true } }
reason = "Secrets stay here."

[[rules]]
name = "docs"
decision = "allow"
tool = "write_*"
arguments = { "paths[*]" = { path_below = "docs" } }
override = true

[[rules]]
name = "large"
decision = "ask"
tool = ["pay", "refund"]
arguments = { amount = { above = 100 } }
whom = ["role:admin", "ann"]
timeout = "1h"
then = "escalate:admin"

[[rules]]
decision = "ask"
effect = ["write", "irreversible"]
owner = "guest*"
cost_above = 0.5
remember = true
"""


def test_a_policy_has_200_regexes_and_no_more_is_compiled() -> None:
    conditions._compile.cache_clear()
    inner = ", ".join(f"a{n} = {{ not = {{ regex = 'x{n}' }} }}" for n in range(50))
    text = f'[[rules]]\ndecision = "deny"\narguments = {{ {inner} }}\n'
    with pytest.raises(InvalidPolicy, match="has 250 conditions with regex; at most 200 are"):
        parse_policy(text * 5, "policy.toml")
    assert conditions._compile.cache_info().currsize == 0
    rules = parse_policy(text * 4, "policy.toml").rules
    with pytest.raises(InvalidPolicy, match="has 250 conditions"):
        read_policy({"rules": [*rules, *rules[:1]]}, "[policies]")


def test_the_first_error_of_a_policy_ends_its_reading() -> None:
    conditions._compile.cache_clear()
    rules = [{"decision": "deny", "arguments": {"a": {"regex": f"({n}"}}} for n in range(9)]
    with pytest.raises(InvalidPolicy, match=r"rules\.0\.arguments"):
        read_policy({"rules": rules}, "policy.toml")
    assert conditions._compile.cache_info().misses == 1


def test_what_ignores_case_is_compiled_as_it_is_used() -> None:
    wide = {"regex": r"\pL{250}", "ignore_case": True}
    with pytest.raises(InvalidPolicy, match="not a regular expression"):
        read_policy({"rules": [{"decision": "deny", "arguments": {"a": wide}}]}, "p")


def call(tool: str = "look", **more: Any) -> PolicyCall:
    return PolicyCall(**{"tool": tool, "effect": "write", "agent": "a", **more})


def decided(call: PolicyCall) -> str | None:
    rule = find_rule(parse_policy(TEXT, "policy.toml").rules, call)
    return rule and rule.name


@pytest.mark.parametrize(
    ("use", "rule"),
    [
        (call(), None),
        (call(arguments={"a": [{"b": "My SECRET"}]}), "no secrets"),
        (call(arguments={"a": {"my_secret": 1}}), "no secrets"),
        (call("write_file", arguments={"paths": ["docs/a", "docs/b"]}), "docs"),
        # Of several values, all have to fit a rule that allows.
        (call("write_file", arguments={"paths": ["docs/a", "docs/../b"]}), None),
        (call("write_file", arguments={"paths": []}), None),
        (call("pay", arguments={"amount": 101}), "large"),
        (call("pay", arguments={"amount": "101"}), "large"),
        (call("pay", arguments={"amount": 100}), None),
        # It cannot tell: it asks.
        (call("pay", arguments={"amount": {"value": 1}}), "large"),
        (call("payx", arguments={"amount": 101}), None),
        (call(owner="guest7", cost=0.6), "rule 4"),
        (call(owner="guest7", cost=0.5), None),
        (call(owner="guest7", cost=0.6, effect="read"), None),
        (call(cost=0.6), None),
        # More values than a condition looks at.
        (call(arguments={"a": [0] * 50_000}), "no secrets"),
    ],
)  # fmt: skip
def test_the_first_rule_that_fits_decides(use: PolicyCall, rule: str | None) -> None:
    assert decided(use) == rule


def test_the_others_are_explained() -> None:
    rules = parse_policy(TEXT, "policy.toml").rules
    found = list(compare_rules(rules, call("pay", arguments={"amount": 500})))
    assert [each.misfit for each in found] == [
        "the condition on ** does not hold", "tool 'pay' does not fit write_*", None,
    ]  # fmt: skip


def test_a_policy_survives_its_canonical_text() -> None:
    policy = parse_policy(TEXT, "policy.toml")
    again = Policy.model_validate_json(policy.text)
    assert (again, again.digest) == (policy, policy.digest)
    assert parse_policy(f"# note\n{TEXT}", "policy.toml").digest == policy.digest
    assert parse_policy(TEXT.replace("100", "99"), "policy.toml").digest != policy.digest


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"decision": "maybe"}, "allow"),
        ({"decision": "allow", "whom": ["ann"]}, 'whom needs decision = "ask"'),
        ({"decision": "deny", "timeout": "1h"}, "timeout needs"),
        ({"decision": "ask", "override": True}, "override needs"),
        ({"decision": "ask", "then": "deny"}, "then needs a timeout"),
        ({"decision": "ask", "timeout": "1 hour"}, "write 90s"),
        ({"decision": "ask", "timeout": "999d"}, "at most"),
        ({"decision": "ask", "timeout": "1h", "then": "escalate:king"}, "escalate:admin"),
        ({"decision": "ask", "whom": ["role:king"]}, "not a role"),
        ({"decision": "deny", "arguments": {"a..b": 1}}, "not a path"),
        ({"decision": "deny", "tool": []}, "tool"),
        ({"decision": "deny", "tools": "x"}, "tools"),
    ],
)
def test_malformed_rules_are_refused(rule: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidPolicy, match=why):
        read_policy({"rules": [rule]}, "policy.toml")


def test_malformed_files_are_refused() -> None:
    twice = '[[rules]]\nname = "a"\ndecision = "deny"\n' * 2
    for text in ("rules = 1", "[[rules", twice, "x" * 300_000, "a = " + "[" * 5_000):
        with pytest.raises(InvalidPolicy):
            parse_policy(text, "policy.toml")


def test_who_may_decide() -> None:
    assert fits_whom(None, None, None)
    assert fits_whom(("ann",), "ann", "viewer")
    assert not fits_whom(("ann",), "bob", "admin")
    assert fits_whom(("role:operator",), "bob", "admin")
    assert not fits_whom(("role:admin",), "bob", "operator")
    assert not fits_whom(("role:admin",), "role:admin", None)


def test_a_pinned_policy_from_before_the_limit_is_still_read() -> None:
    """A run in flight must not fail in the middle because a later version has a limit."""
    conditions = [{"decision": "deny", "arguments": {"a": {"regex": f"x{n}"}}} for n in range(201)]
    with pytest.raises(InvalidPolicy, match="has 201 conditions with regex; at most 200"):
        read_policy({"rules": conditions}, "[policies]")
    text = json.dumps({"rules": conditions})
    assert len(Policy.model_validate_json(text, context=PINNED).rules) == 201
