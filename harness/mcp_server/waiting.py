"""Waits for a run: with progress, until it ends, a person is needed or the time is up."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from harness.api.event_stream import until_first
from harness.contracts.errors import SteeringError
from harness.contracts.errors.run import not_a_run
from harness.contracts.event import (
    DecisionMade,
    DecisionRequested,
    DurableEvent,
    RunEnded,
    StateChanged,
)
from harness.contracts.event_line import describe_event
from harness.contracts.run import RunState
from harness.history import reader
from harness.journal.card import Card, card_of
from harness.mcp_server.arguments import Waited, WaitForRun
from harness.mcp_server.call import McpCall
from harness.mcp_server.elicitation import can_elicit, key_of, make_form, take_answer
from harness.runs.end import wait_for_end

if TYPE_CHECKING:
    from mcp.types import ElicitResult, InputRequiredResult

CHANGES = (StateChanged, DecisionRequested, DecisionMade, RunEnded)
"""After these, what to wait for may have changed."""
PROGRESS_S = 0.25
"""Between two reports of progress: a run may have thousands of events."""
ASK_S = 600.0
"""How long a person may take to answer while the call is open."""
MOST_QUESTIONS = 10
"""Questions in one answer."""


async def wait_for_run(call: McpCall, body: WaitForRun) -> Waited | InputRequiredResult:
    """Wait for a run: until it ends, needs a person, or the seconds have passed. Reports progress
    meanwhile. What the run asks is put to the person behind the client, if the client can do that;
    the time they take is added. A client that leaves does not stop the run."""
    run = body.run
    clock = asyncio.get_running_loop().time
    until = clock() + body.seconds
    follower = _Follower(call, run)
    card = await follower.read_card()
    for asked in card.waiting:
        if (answer := call.answers.get(key_of(asked))) is not None:
            await follower.settle(asked, answer)
    while True:
        card = await follower.read_card()
        if card.state.over:
            end = await wait_for_end(call.context.connection, call.context.feeds, run)
            return Waited(run=run, state=end.state, end=end)
        if card.state is RunState.PAUSED or card.waiting:
            left = [each for each in card.waiting if key_of(each) not in follower.settled]
            if not left or not can_elicit(call):
                return Waited(run=run, state=card.state, waiting=list(card.waiting))
            if not call.request.session.can_send_request:
                return _hand_back(run, left)
            asked_at = clock()
            await follower.ask(left[0])
            until += clock() - asked_at
        elif not await follower.wait_for_change(until - clock()):
            return Waited(run=run, state=card.state)


def _hand_back(run: str, asked: list[DecisionRequested]) -> InputRequiredResult:
    """The questions as the answer of the call, which the client repeats with what a person said."""
    from mcp.types import ElicitRequest, InputRequiredResult

    return InputRequiredResult(
        input_requests={
            key_of(each): ElicitRequest(params=make_form(run, each))
            for each in asked[:MOST_QUESTIONS]
        }
    )


class _Follower:
    """Follows one run for one call."""

    def __init__(self, call: McpCall, run: str) -> None:
        self._call = call
        self._run = run
        self._known: set[str] = set()
        """Cursors of the events that the newest card was computed from."""
        self._seen = 0
        self._reported = 0.0
        self.settled: set[str] = set()
        """Questions that the person has answered or declined in this call."""

    async def read_card(self) -> Card:
        """Where the run is now."""
        found = reader.read_events(self._call.context.connection, self._run, wait=False)
        events = [event async for event in found]
        card = card_of(events)
        if card is None:
            raise not_a_run(self._run)
        self._known = {str(event.cursor) for event in events}
        return card

    async def wait_for_change(self, seconds: float) -> bool:
        """Report progress until something happens that calls for a new card; False if nothing did
        within the seconds."""
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                events = self._call.context.feeds.follow_durable(self._run)
                async with aclosing(events):
                    async for event in events:
                        if str(event.cursor) in self._known:
                            continue
                        await self._report(event)
                        if isinstance(event, CHANGES):
                            return True
                return True
        except TimeoutError:
            if not limit.expired():
                raise
            return False

    async def ask(self, asked: DecisionRequested) -> None:
        """Put a question to the person, unless the run stops asking it before they answer."""
        answers: list[ElicitResult] = []
        await until_first(self._elicit(asked, answers), self._wait_until_decided(asked))
        if answers:
            await self.settle(asked, answers[0])
        elif await self._is_pending(asked):
            self.settled.add(key_of(asked))  # the client failed, or nobody answered in time

    async def settle(self, asked: DecisionRequested, answer: ElicitResult) -> None:
        """Decide as the person said. If somebody else has decided meanwhile, that counts."""
        self.settled.add(key_of(asked))
        try:
            await take_answer(self._call, self._run, asked, answer)
        except SteeringError:
            if await self._is_pending(asked):
                raise

    async def _elicit(self, asked: DecisionRequested, answers: list[ElicitResult]) -> None:
        from mcp.shared.exceptions import MCPError
        from mcp.shared.message import ServerMessageMetadata
        from mcp.types import ElicitRequest, ElicitResult
        from pydantic import ValidationError

        try:
            answer = await self._call.request.session.send_request(
                ElicitRequest(params=make_form(self._run, asked)),
                ElicitResult,
                ASK_S,
                ServerMessageMetadata(related_request_id=self._call.request.request_id),
            )
        except (MCPError, ValidationError):
            return
        answers.append(answer)

    async def _wait_until_decided(self, asked: DecisionRequested) -> None:
        while await self._is_pending(asked):
            await self.wait_for_change(ASK_S)

    async def _is_pending(self, asked: DecisionRequested) -> bool:
        reads = self._call.context.reads
        card = await reads.read_card(self._run, await reads.observe(self._run))
        return not card.state.over and any(key_of(each) == key_of(asked) for each in card.waiting)

    async def _report(self, event: DurableEvent) -> None:
        self._seen += 1
        now = asyncio.get_running_loop().time()
        if now - self._reported >= PROGRESS_S:
            self._reported = now
            await self._call.request.session.report_progress(
                self._seen, message=describe_event(event)
            )
