"""The inbox against a small model of it: every message waits, is answered, or is refused."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from harness.contracts.errors import (
    HarnessError,
    InboxFull,
    InvalidTransition,
    RunFailed,
)
from harness.contracts.message import Text
from harness.contracts.run import RunSpec
from harness.conversations.contracts import (
    MAX_WAITING,
    POLICIES,
    TRANSITIONS,
    Act,
    Card,
    Change,
    Policy,
    PreparedTurn,
    Receipt,
    SendMessage,
    SessionSpec,
    State,
    TurnState,
)
from harness_workflows.session.inbox import Inbox, TurnEnd

ACTS: tuple[Act, ...] = ("archive", "restore", "delete")


def make_card(policy: Policy = "queue") -> Card:
    return Card(id="c", agent="a", state="active", policy=policy, created=1.0, changed=1.0)


def make_message(id: str, policy: Policy | None = None) -> SendMessage:
    return SendMessage(id=id, parts=(Text(text=f"text of {id}"),), policy=policy)


def make_run(inbox: Inbox, number: int) -> PreparedTurn:
    request = inbox.request(inbox.open) if inbox.open else None
    assert request is not None
    spec = RunSpec(agent="a", spec="s", model="openai/gpt-5", messages=(), head=request.head)
    return PreparedTurn(
        run=f"c.{number}", number=number, spec=spec, queue="q", attributes={}, summary="s",
        details="d",
    )  # fmt: skip


@dataclass
class Model:
    """What a person expects of an inbox."""

    state: State = "active"
    before: State = "active"
    waiting: list[str] = field(default_factory=list[str])
    open: str | None = None
    running: bool = False
    replacements: int = 0
    hinted: list[str] = field(default_factory=list[str])
    ended: list[str] = field(default_factory=list[str])
    receipts: dict[str, str] = field(default_factory=dict[str, str])

    def send(self, id: str, policy: Policy) -> str | None:
        if id in self.receipts:
            return self.receipts[id]
        if self.state != "active" or (self.open and policy == "reject"):
            return None
        if not self.open:
            self.waiting.append(id)
            outcome = "queued" if len(self.waiting) > 1 else "started"
        elif policy == "rollback":
            self.waiting.insert(self.replacements, id)
            self.replacements += 1
            outcome = "rolled_back"
        elif policy in ("hint", "interrupt") and self.running and not self.replacements:
            self.hinted.append(id)
            outcome = "hinted" if policy == "hint" else "interrupted"
        else:
            self.waiting.append(id)
            outcome = "queued"
        self.receipts[id] = outcome
        return outcome

    def act(self, act: Act) -> None:
        match act, self.state:
            case "archive", "active":
                self.state = "archived"
            case "restore", "archived":
                self.state = "active"
            case "restore", "deleted":
                self.state = self.before
            case "delete", "active" | "archived":
                self.before, self.state = self.state, "deleted"
            case _:
                pass


@pytest.mark.parametrize("seed", range(150))
def test_any_sequence_does_what_the_model_says(seed: int) -> None:
    chance = random.Random(seed)
    inbox, model, number = Inbox(SessionSpec(card=make_card())), Model(), 0
    for step in range(60):
        match chance.randrange(7):
            case 0 | 1 | 2:
                policy = chance.choice(POLICIES)
                message = make_message(f"m{chance.randrange(step + 1)}", policy)
                assert _send(inbox, message) == model.send(message.id, policy)
            case 3:
                _act(inbox, act := chance.choice(ACTS))
                model.act(act)
            case 4 if inbox.ready:
                model.open = model.waiting.pop(0)
                assert inbox.begin_turn().message.id == model.open
            case 5 if inbox.open and not inbox.open.run and not inbox.open.dropped:
                number += 1
                inbox.note_started(inbox.open, make_run(inbox, number))
                model.running = True
            case 6 if inbox.open:
                _end(inbox, model, f"head-{number}", chance)
            case _:
                pass
        if chance.random() < 0.2 and inbox.open is None:
            inbox = Inbox(inbox.carry_over())
        assert inbox.card.state == model.state
        assert [each.id for each in inbox.queue] == model.waiting
        assert inbox.ready == bool(model.waiting and not model.open and model.state == "active")
        assert list(inbox.receipts) == list(model.receipts)
    kept = {*model.waiting, *model.hinted, *model.ended, *([model.open] if model.open else [])}
    assert kept == set(model.receipts), "a message is lost"


def _send(inbox: Inbox, message: SendMessage) -> str | None:
    try:
        inbox.check_send(message)
    except HarnessError:
        return None
    return inbox.accept(message).outcome


def _act(inbox: Inbox, act: Act) -> None:
    try:
        inbox.change(Change(act=act), 2.0)
    except InvalidTransition:
        assert (inbox.card.state, act) not in TRANSITIONS


def _end(inbox: Inbox, model: Model, head: str, chance: random.Random) -> None:
    turn = inbox.open
    assert turn is not None and model.open is not None
    base, before = turn.base, inbox.head
    count = chance.randrange(3)
    while turn.hints and chance.random() < 0.5:
        turn.sent.append(turn.hints.popleft())
    unread = [each.id for each in (*(turn.sent[-count:] if count else ()), *turn.hints)]
    inbox.end_turn(turn, TurnEnd("completed", head, unread=count))
    if not turn.dropped:
        model.waiting += unread
        model.hinted = [each for each in model.hinted if each not in unread]
    if turn.dropped:
        assert inbox.head == (base if turn.run else before)
        assert inbox.turns[-1].state == "rolled_back"
    elif turn.run:
        assert inbox.head == head
    if not turn.run:
        model.receipts[model.open] = "not_answered"
    model.ended.append(model.open)
    model.open, model.running, model.replacements = None, False, 0


def test_a_known_message_is_answered_with_its_receipt_in_any_state() -> None:
    inbox = Inbox(SessionSpec(card=make_card("reject")))
    message = make_message("m1")
    inbox.check_send(message)
    first = inbox.accept(message)
    inbox.change(Change(act="delete"), 2.0)
    inbox.check_send(message)
    assert inbox.accept(message) == first == Receipt(message="m1", outcome="started")


@pytest.mark.parametrize("replaced", [False, True])
def test_a_message_without_a_run_is_known_as_not_answered(replaced: bool) -> None:
    inbox = Inbox(SessionSpec(card=make_card()))
    message = make_message("m1")
    inbox.accept(message)
    turn, error = inbox.begin_turn(), RunFailed("No.").info
    if replaced:
        inbox.accept(make_message("m2", "rollback"))
    inbox.end_turn(turn, TurnEnd("failed", error=None if replaced else error))
    inbox = Inbox(inbox.carry_over())
    again = inbox.accept(message)
    assert again == inbox.find_receipt("m1")
    assert (again.outcome, again.error) == ("not_answered", None if replaced else error)
    assert inbox.turns[-1].line == "text of m1"


def test_the_place_of_a_message_is_the_one_that_it_has_now() -> None:
    inbox = Inbox(SessionSpec(card=make_card()))
    for id in ("m1", "m2", "m3"):
        inbox.accept(make_message(id))
    inbox.begin_turn()
    places = [found and found.position for found in map(inbox.find_receipt, ("m1", "m2", "m3"))]
    assert places == [0, 1, 2]
    assert inbox.find_receipt("other") is None


def test_the_thousand_and_first_message_is_refused() -> None:
    inbox = Inbox(SessionSpec(card=make_card()))
    for number in range(MAX_WAITING):
        inbox.accept(make_message(f"m{number}"))
    with pytest.raises(InboxFull):
        inbox.check_send(make_message("more"))
    inbox.check_send(make_message("m0"))


@pytest.mark.parametrize(("state", "waits"), [("completed", True), ("aborted", False)])
def test_a_hint_that_was_not_read_waits_unless_the_run_was_aborted(
    state: TurnState, waits: bool
) -> None:
    inbox = Inbox(SessionSpec(card=make_card()))
    inbox.accept(make_message("m1"))
    turn = inbox.begin_turn()
    inbox.note_started(turn, make_run(inbox, 1))
    for id in ("h1", "h2"):
        assert inbox.accept(make_message(id, "hint")).outcome == "hinted"
        turn.sent.append(turn.hints.popleft())
    inbox.end_turn(turn, TurnEnd(state, unread=1))
    assert [each.id for each in inbox.queue] == (["h2"] if waits else [])


@pytest.mark.parametrize("state", ["active", "archived", "deleted"])
@pytest.mark.parametrize("act", ACTS)
def test_every_transition_is_in_the_table(state: State, act: Act) -> None:
    card = make_card().model_copy(update={"state": state, "before": "archived"})
    if (state, act) in TRANSITIONS:
        to = TRANSITIONS[state, act]
        after = card.change(Change(act=act), 2.0)
        assert after.state == ("archived" if to == "before" else to)
    else:
        with pytest.raises(InvalidTransition):
            card.change(Change(act=act), 2.0)
