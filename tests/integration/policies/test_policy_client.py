"""What commands and routes show of policies, and to whom."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Agent, Harness, tool
from harness.api.caller import Caller, Role
from harness.contracts.errors import (
    InvalidPolicy,
    NoPolicy,
    NotAllowed,
    RememberedNotFound,
    RunNotFound,
)
from harness.policies import bounded, client, conditions
from harness.policies.rows import Remembered
from harness.policies.store import PolicyStore
from harness.policies.views import ExplainBody, PolicyTestBody
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import waiting
from tests.fakes.steps import calls, say

RULES: list[dict[str, Any]] = [
    {"name": "large", "decision": "ask", "tool": "pay", "arguments": {"amount": {"above": 100}},
     "whom": ["role:admin"]},
    {"name": "small", "decision": "allow", "tool": "pay"},
]  # fmt: skip
STRICT = '[[rules]]\nname = "none"\ndecision = "deny"\ntool = "p*"\narguments = { amount = 5 }'
BOB = Caller("bob", Role.OPERATOR, "t")


@pytest.fixture
def options(options: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    rules = [] if "configures_none" in request.node.name else RULES
    return {**options, "policies": {"rules": rules}}


@tool(effect="write")
def pay(amount: int) -> str:
    """Pay an amount."""
    return f"paid {amount}"


async def test_a_call_is_explained(harness: Harness) -> None:
    body = ExplainBody(agent="a", tool="pay", arguments={"amount": 7})
    found = await client.explain_call(harness.connection, body)
    assert (found.decision, found.rule) == ("allow", "small")
    assert [each.why for each in found.compared] == ["the condition on amount does not hold", None]
    found = await client.explain_call(harness.connection, ExplainBody(agent="a", tool="look"))
    assert (found.decision, found.rule) == ("default", None)
    assert found.assumed is not None
    assert "the agent is not known" in found.assumed and "'a'" in found.assumed
    body = ExplainBody(agent="a", tool="look", effect="read")
    assert (await client.explain_call(harness.connection, body)).assumed is None


async def test_past_runs_are_compared_with_a_policy(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(calls(("pay", {"amount": 5}), ("pay", {"amount": 500})), say("Paid."))
    run = await harness.start(Agent(name, tools=[pay]), "Pay.")
    await waiting(run)
    await run.approve()
    await run.result()
    connection = harness.connection
    found = await client.test_past_runs(connection, PolicyTestBody(policy=STRICT, agent=name))
    seen = [(each.happened, each.would, each.differs) for each in found.calls]
    assert seen == [("ran", "deny", True), ("asked", "default", False)]
    body = PolicyTestBody(policy=STRICT, agent=name)
    assert (await client.test_past_runs(connection, body, by=BOB)).runs == 0
    with pytest.raises(InvalidPolicy, match="rules"):
        await client.test_past_runs(connection, PolicyTestBody(policy="rules = 3"))


async def test_a_hostile_policy_is_compiled_elsewhere_and_not_for_long(
    harness: Harness, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "LIMITS", bounded.LIMITS._replace(seconds=0.5))
    conditions._compile.cache_clear()
    rule = '[[rules]]\ndecision = "deny"\narguments = {{ {} }}\n'
    costly = [f"a{n} = {{ regex = '\\pL{{300}}{n}' }}" for n in range(200)]
    text = "".join(rule.format(", ".join(costly[at : at + 50])) for at in range(0, 200, 50))
    body = PolicyTestBody(policy=text, agent=name)
    with pytest.raises(InvalidPolicy, match=r"takes longer than 0\.5 s"):
        await client.test_past_runs(harness.connection, body)
    with pytest.raises(InvalidPolicy, match=r"takes longer than 0\.5 s"):
        await client.switch_policy(harness.connection, "run", text)
    assert conditions._compile.cache_info().currsize <= len(RULES)


async def test_a_run_is_switched(harness: Harness, model_server: ModelServer, name: str) -> None:
    model_server.script(calls(("pay", {"amount": 500}), ("pay", {"amount": 5})), say("Paid."))
    run = await harness.start(Agent(name, tools=[pay]), "Pay.")
    await waiting(run)
    connection = harness.connection
    with pytest.raises(NotAllowed):
        await client.switch_policy(connection, run.id, None, by=BOB)
    with pytest.raises(RunNotFound):
        await client.switch_policy(connection, "nobody", None)
    found = await client.switch_policy(connection, run.id, STRICT)
    assert [rule["name"] for rule in found.policy.rules] == ["none"]
    await run.approve()
    assert (await run.result()).output == "Paid."
    told = [each["output"] for each in model_server.calls[-1].body["input"] if "output" in each]
    assert told == ["paid 500", "The policy's rule none denies this call: no reason is given"]
    await connection.database.fetch(
        "UPDATE harness_policies.pin SET digest = 'none' WHERE digest = %s", (found.policy.digest,)
    )
    with pytest.raises(Exception, match="was changed in the database"):
        await client.show_run_policy(connection, run.id)


async def test_a_project_that_configures_none_switches_none(harness: Harness) -> None:
    assert client.show_policy(harness.connection).digest is None
    with pytest.raises(NoPolicy):
        await client.switch_policy(harness.connection, "run", None)


@pytest.mark.parametrize("column", ["scope", "session", "owner", "tool", "by", "run", "call"])
async def test_no_part_of_a_remembered_approval_can_be_changed(
    remote: Harness, name: str, column: str
) -> None:
    database = remote.connection.database
    store = PolicyStore(database, remote.connection.signing)
    row = Remembered(
        f"rem-{name}", name, name, "ada", "pay", [], "d", "large", "p", "ada", "run", "c", 0.0
    )
    await store.add_remembered(row)
    assert await store.find_remembered(name, "pay") != []
    change = f"UPDATE harness_policies.remembered SET {column} = 'other' WHERE id = %s"
    await database.fetch(change, (row.id,))
    scope, which = ("other" if column == each else known
                    for each, known in (("scope", name), ("tool", "pay")))  # fmt: skip
    assert await store.find_remembered(scope, which) == []


async def test_others_see_and_revoke_no_approval(remote: Harness, name: str) -> None:
    store = PolicyStore(remote.connection.database, remote.connection.signing)
    row = Remembered(
        f"rem-{name}", "scope", name, "ada", "pay", [], "d", "large", "p", "ada", "run", "c", 0.0
    )
    await store.add_remembered(row)
    connection = remote.connection
    assert await client.list_remembered(connection, name, by=BOB) == []
    with pytest.raises(RememberedNotFound):
        await client.revoke_remembered(connection, row.id, by=BOB)
    ada = Caller("ada", Role.OPERATOR, "t")
    [seen] = await client.list_remembered(connection, name, by=ada)
    assert (seen.id, seen.by) == (row.id, "ada")
    await client.revoke_remembered(connection, row.id, by=ada)
    assert await client.list_remembered(connection, name, by=ada) == []
