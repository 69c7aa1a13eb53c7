"""What a process keeps of the runs that it reads: as if it had read each anew, every time."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from temporalio.client import Client, WorkflowExecutionAsyncIterator

from harness import Agent, Harness, tool
from harness.contracts.errors import Forgotten
from harness.contracts.run import RunState
from harness.forget.client import forget_run
from harness.forks.fork import Change, start_fork
from harness.history.card_folds import CardFolds
from harness.history.fork_index import ForkIndex
from harness.history.run_reads import RunReads
from harness.journal.card import Card
from harness.runs.card import read_card, read_observed_card
from harness.runs.published import store_agent
from harness.runs.start import pin_spec
from harness.runs.start_request import Request, as_messages
from harness.sdk.handle import RunHandle
from harness.store.epoch import begin_branch
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, eventually, send, waiting
from tests.fakes.steps import call, say
from tests.integration.effects.test_effects_once import reset
from tests.integration.runs.test_owner import plant


@pytest.fixture
def options(options: dict[str, Any], database_url: str) -> dict[str, Any]:
    return {**options, "database": {"url": database_url, "pool_size": 4}}


async def read(harness: Harness, reads: RunReads, run: str) -> Card:
    _, observed = await reads.check_owner(run)
    return await read_observed_card(harness.connection, reads, run, observed)


async def test_a_kept_card_is_the_card_that_a_fresh_read_gives(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    connection, reads, gate = harness.connection, RunReads(harness.connection), Gate()
    model_server.script(
        call("hold", what="it"), call("send", to="ann", text="hi"), say("First."), say("Second.")
    )
    run = await harness.start(Agent(name, tools=[gate.tool, send]), "Go.")
    await gate.entered.wait()
    assert await read(harness, reads, run.id) == await read_card(connection, run.id)
    gate.left.set()
    await waiting(run)
    asked = await read(harness, reads, run.id)
    assert asked == await read_card(connection, run.id)
    assert (asked.state, len(asked.waiting)) == (RunState.WAITING, 1)
    assert (reads.cards.read, reads.cards.extended) == (1, 1)
    await run.approve()
    await run.result()
    ended = await read(harness, reads, run.id)
    assert ended == await read_card(connection, run.id)
    assert (ended.said, reads.cards.extended) == ("First.", 2)
    before = reads.cards.hits
    same = await asyncio.gather(*(read(harness, reads, run.id) for _ in range(5)))
    assert (same, reads.cards.hits - before) == ([ended] * 5, 5)
    await reset(harness, run, 3)
    await eventually(lambda: read(harness, reads, run.id), lambda card: card.said == "Second.")
    assert await read(harness, reads, run.id) == await read_card(connection, run.id)


@pytest.mark.slow
async def test_readers_at_once_of_a_run_that_goes_on(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """None sees less than what it knows of, in whichever order their reads come back."""
    reads = RunReads(harness.connection)
    model_server.script(*(call("add_up", number=each) for each in range(12)), say("Done."))
    reached = 0

    @tool(effect="read")
    async def add_up(number: int) -> int:
        """Add."""
        nonlocal reached
        reached = number
        return number

    run = await harness.start(Agent(name, tools=[add_up]), "Count.")

    async def look() -> None:
        while True:
            known = reached
            card = await read(harness, reads, run.id)
            assert card.turn > known or card.state is RunState.PENDING, (card, known)
            if card.state.over:
                return

    await asyncio.gather(*(look() for _ in range(4)))
    assert await read(harness, reads, run.id) == await read_card(harness.connection, run.id)


async def _end(harness: Harness, name: str, owner: str | None = None) -> RunHandle[Any]:
    run = await harness.begin(Agent(name), Request(messages=as_messages("Go."), owner=owner))
    await run.outcome()
    return run


async def test_another_run_under_the_same_id_is_not_the_one_that_was_read(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("Secret."))
    connection, reads = harness.connection, RunReads(harness.connection)
    run = await _end(harness, name, owner="alice")
    assert (await reads.check_owner(run.id))[0] == "alice"
    assert (await read(harness, reads, run.id)).owner == "alice"
    request = Request(messages=as_messages("Planted."), owner="alice")
    spec = await pin_spec(connection, await store_agent(connection, Agent(name)), request)
    await plant(connection.temporal, run.id, f"nobody-{name}", spec)
    assert (await reads.check_owner(run.id))[0] is None
    assert (await read(harness, reads, run.id)).asked == "Planted."


async def test_a_forgotten_run_is_gone_at_once(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """Although Temporal takes a while to delete its history."""
    model_server.always(say("Secret."))
    reads = RunReads(harness.connection)
    run, other = await _end(harness, name), await _end(harness, name)
    for each in (run, other):
        assert (await read(harness, reads, each.id)).said == "Secret."
        assert (await read(harness, reads, each.id)).said == "Secret."
    await forget_run(harness.connection, run.id)
    with pytest.raises(Forgotten):
        await reads.check_owner(run.id)
    assert len(reads.cards) == 0
    assert (await read(harness, reads, other.id)).said == "Secret."


async def test_nothing_is_kept_over_a_restore(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("Secret."))
    reads = RunReads(harness.connection)
    run = await _end(harness, name)
    for _ in range(2):
        await read(harness, reads, run.id)
    assert (reads.cards.read, reads.cards.hits) == (1, 1)
    await begin_branch(
        harness.connection.database, "engine", harness.connection.endpoints.namespace
    )
    await read(harness, reads, run.id)
    assert reads.cards.read == 2


async def test_a_new_fork_is_listed(
    harness: Harness, model_server: ModelServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_server.always(say("Hello."))
    reads = RunReads(harness.connection)
    run = await _end(harness, name)
    assert (await read(harness, reads, run.id)).forks == ()
    monkeypatch.setattr("harness.history.fork_index.ASK_S", 0.0)
    fork = await start_fork(harness.connection, run.id, 0, Change(hint="And?"))
    await eventually(lambda: read(harness, reads, run.id), lambda card: card.forks == (fork,))


class _Asked:
    """Temporal's client, and the queries of lists with their limits."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.asked: list[tuple[str, int | None]] = []

    def list_workflows(self, query: str, limit: int | None) -> WorkflowExecutionAsyncIterator:
        self.asked.append((query, limit))
        return self._client.list_workflows(query, limit=limit)


async def test_questions_for_forks_are_bounded(
    harness: Harness, model_server: ModelServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_server.always(say("Hello."))
    client = _Asked(harness.connection.temporal)
    forks = ForkIndex(cast("Client", client))
    run = await _end(harness, name)
    assert await forks.find(run.id) == ()
    monkeypatch.setattr("harness.history.fork_index.ASK_S", 0.0)
    monkeypatch.setattr("harness.history.fork_index.MOST_NEW", 1)
    made = [
        await start_fork(harness.connection, run.id, 0, Change(hint=hint)) for hint in ("A", "B")
    ]
    await eventually(lambda: forks.find(run.id), lambda found: set(found) == set(made))
    assert all(limit for _, limit in client.asked)
    # After a time without questions: what one run has, not what is new in the whole namespace.
    client.asked.clear()
    monkeypatch.setattr("harness.history.fork_index.KEEP_S", 0.0)
    assert set(await forks.find(run.id)) == set(made)
    assert [run.id in query for query, _ in client.asked] == [True]


async def test_what_is_kept_is_bounded(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("x" * 20_000))
    reads = RunReads(harness.connection)
    reads.cards = CardFolds(harness.connection, limit=200_000)
    runs = [await _end(harness, name) for _ in range(3)]
    for run in runs:
        await read(harness, reads, run.id)
    assert len(reads.cards) == 2
    for run in runs:
        assert (await read(harness, reads, run.id)).said == "x" * 20_000
