"""A conversation continues from what its runs have written, whatever they report as their end."""

from __future__ import annotations

import pytest

from harness import Agent, Harness
from harness.contracts.errors import RunForged
from harness.contracts.message import Text
from harness.contracts.run import RunEnd, RunState, Totals
from harness.conversations.client import Conversations
from harness.conversations.contracts import PrepareTurn, SendMessage, turn_run
from harness.conversations.turns import find_newest_head, prepare_turn
from tests.fakes.model_server import ModelServer
from tests.fakes.puppet import Strings, puppets
from tests.fakes.steps import say


async def test_the_transcript_of_another_run_is_not_taken_over(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """Someone answers for a run of a conversation, and ends it with the node of another run."""
    model_server.always(say("Secret."))
    agent, connection = Agent(name), harness.connection
    secret = await (await harness.start(agent, "A secret.")).outcome()
    assert secret.head is not None
    card = await Conversations(connection, owner="bob", by="bob").create(name)
    message = SendMessage(id="m", parts=(Text(text="Go on."),), by="bob")
    first = await prepare_turn(connection, PrepareTurn(card=card, message=message, last=0))

    async def script(strings: Strings) -> RunEnd:
        totals = Totals()
        return RunEnd(state=RunState.COMPLETED, output="", totals=totals, head=secret.head)

    async with puppets(harness, agent.queue) as play:
        await play(turn_run(card.id, 1), first.spec, script)
    told = PrepareTurn(card=card, message=message, last=1, head=secret.head)
    for asked in (told, told.model_copy(update={"head": None, "headless": True})):
        with pytest.raises(RunForged, match="has not written"):
            await prepare_turn(connection, asked)
    with pytest.raises(RunForged, match="has not written"):
        await find_newest_head(connection, card)
