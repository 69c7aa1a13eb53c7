"""The inbox of a conversation: what waits, what was answered, and what may come in."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from harness.contracts.base import Flag
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import (
    ConversationClosed,
    ErrorInfo,
    InboxFull,
    RunBusy,
)
from harness.conversations.checks import check_change, check_message
from harness.conversations.contracts import (
    KEPT_RECEIPTS,
    KEPT_TURNS,
    MAX_WAITING,
    MAX_WAITING_BYTES,
    Answering,
    Change,
    Outcome,
    Policy,
    PreparedTurn,
    PrepareTurn,
    Receipt,
    SendMessage,
    SessionCarry,
    SessionSpec,
    SessionView,
    Turn,
    TurnState,
    Waiting,
)

LINE = 120
HINTS: dict[Policy, Outcome] = {"hint": "hinted", "interrupt": "interrupted"}


@dataclass
class OpenTurn:
    """The message that is being answered."""

    message: SendMessage
    run: str | None = None
    number: int | None = None
    base: str | None = None
    """The transcript node that its run starts from."""
    replacements: int = 0
    """Later messages that take its place."""
    hints: deque[SendMessage] = field(default_factory=deque[SendMessage])
    """To be sent to the run."""
    sent: list[SendMessage] = field(default_factory=list[SendMessage])
    """Hints that were sent to it."""
    hinted: int = 0
    """Hints so far, and their size."""
    hinted_bytes: int = 0

    @property
    def dropped(self) -> bool:
        return self.replacements > 0


@dataclass(frozen=True)
class TurnEnd:
    """How the run of a turn ended."""

    state: TurnState
    head: str | None = None
    """The transcript after it, if the run says so; the store may know it otherwise."""
    error: ErrorInfo | None = None
    unread: int = 0
    """Hints that it did not read: the newest ones."""


class Inbox:
    def __init__(self, spec: SessionSpec) -> None:
        carry = spec.carry or SessionCarry(head=spec.card.base)
        self.card = spec.card
        self.queue = deque(carry.queue)
        self.receipts = OrderedDict((each.message, each) for each in carry.receipts)
        self.turns = deque(carry.turns, maxlen=KEPT_TURNS)
        self.open: OpenTurn | None = None
        self.last, self.head = carry.last, carry.head
        self.headless: Flag = carry.headless

    # --- what comes in

    def check_send(self, message: SendMessage) -> None:
        """Raise a HarnessError if the message is not accepted."""
        if message.id in self.receipts:
            return
        check_message(message)
        if self.card.state != "active":
            raise ConversationClosed(f"Conversation {self.card.id!r} is {self.card.state}.")
        policy, turn = self._policy_of(message), self.open
        if turn is not None and policy == "reject":
            raise RunBusy(f"Conversation {self.card.id!r} is answering another message.")
        size = len(message.wire())
        if turn is not None and self._is_hint(message):
            if turn.hinted >= MAX_WAITING or turn.hinted_bytes + size > MAX_WAITING_BYTES:
                raise InboxFull(f"Run {turn.run!r} has got {turn.hinted} messages already.")
            return
        waiting = sum(len(each.wire()) for each in self.queue)
        if len(self.queue) >= MAX_WAITING or waiting + size > MAX_WAITING_BYTES:
            raise InboxFull(
                f"Conversation {self.card.id!r} has {len(self.queue):,} messages of {waiting:,} "
                f"bytes waiting; the limit is {MAX_WAITING:,} of {MAX_WAITING_BYTES:,} bytes."
            )

    def accept(self, message: SendMessage) -> Receipt:
        """Take a message that passed `check_send`; the receipt of one that is known."""
        known = self.receipts.get(message.id)
        if known is not None:
            return known
        outcome, position, run = self._place(message)
        receipt = Receipt(message=message.id, outcome=outcome, run=run, position=position)
        self.receipts[message.id] = receipt
        while len(self.receipts) > KEPT_RECEIPTS:
            self.receipts.popitem(last=False)
        return receipt

    def find_receipt(self, message: str) -> Receipt | None:
        """What is known of a message now; None if it never arrived, or long ago."""
        known = self.receipts.get(message)
        if known is None or known.run is not None:
            return known
        places = (place for place, each in enumerate(self.queue, 1) if each.id == message)
        return known.model_copy(update={"position": next(places, 0)})

    def _place(self, message: SendMessage) -> tuple[Outcome, int, str | None]:
        policy, turn = self._policy_of(message), self.open
        if turn is None:
            self.queue.append(message)
            waits = len(self.queue) > 1
            return ("queued", len(self.queue), None) if waits else ("started", 0, None)
        if policy == "rollback":
            self.queue.insert(turn.replacements, message)
            turn.replacements += 1
            return "rolled_back", turn.replacements, None
        if self._is_hint(message):
            turn.hints.append(message)
            turn.hinted, turn.hinted_bytes = (
                turn.hinted + 1,
                turn.hinted_bytes + len(message.wire()),
            )
            return HINTS[policy], 0, turn.run
        self.queue.append(message)
        return "queued", len(self.queue), None

    def _is_hint(self, message: SendMessage) -> bool:
        """Whether the open run gets the message. A hint has text alone."""
        turn, text_only = self.open, all(part.type == "text" for part in message.parts)
        reachable = turn is not None and turn.run is not None and not turn.dropped
        return reachable and text_only and self._policy_of(message) in HINTS

    def _policy_of(self, message: SendMessage) -> Policy:
        return message.policy or self.card.policy

    def check_change(self, change: Change) -> None:
        """Raise a HarnessError if the change is not allowed."""
        check_change(change)
        self.card.change(change, self.card.changed)

    def change(self, change: Change, now: float) -> None:
        self.card = self.card.change(change, now)

    # --- turns

    @property
    def ready(self) -> bool:
        """Whether a message waits that may be answered now."""
        return bool(self.queue) and self.open is None and self.card.state == "active"

    def begin_turn(self) -> OpenTurn:
        self.open = OpenTurn(self.queue.popleft())
        return self.open

    def request(self, turn: OpenTurn) -> PrepareTurn:
        return PrepareTurn(
            card=self.card, message=turn.message, last=self.last, head=self.head,
            headless=self.headless,
        )  # fmt: skip

    def skip(self, number: int) -> None:
        """Another run has that number: what comes after it is not known here."""
        self.last, self.head, self.headless = number, None, True

    def note_started(self, turn: OpenTurn, prepared: PreparedTurn) -> None:
        turn.run, turn.number = prepared.run, prepared.number
        turn.base = prepared.spec.head
        self.last = prepared.number
        receipt = self.receipts.get(turn.message.id)
        if receipt is not None and receipt.run is None:
            self.receipts[turn.message.id] = receipt.model_copy(update={"run": prepared.run})

    def requeue_hint(self, message: SendMessage) -> None:
        """The run ended before the hint reached it."""
        self.queue.append(message)

    def end_turn(self, turn: OpenTurn, end: TurnEnd) -> None:
        """Close the turn. Hints that its run did not read wait as messages, unless the turn was
        replaced."""
        state, head = end.state, end.head
        if turn.dropped:
            state, head = "rolled_back", turn.base
        else:
            if state != "aborted":  # whoever aborts a run wants no other one
                self.queue.extend(turn.sent[len(turn.sent) - min(end.unread, len(turn.sent)) :])
            self.queue.extend(turn.hints)
        if turn.run is not None:
            known = turn.dropped or head is not None
            self.head, self.headless = head, None if known else True
        ended: dict[str, object] = {"state": state, "error": end.error}
        if turn.run is None:
            self._note_unanswered(turn.message.id, end.error)
            ended["line"] = first_line(turn.message.text)
        self.turns.append(_show(turn).model_copy(update=ended))
        self.open = None

    def _note_unanswered(self, message: str, error: ErrorInfo | None) -> None:
        if message in self.receipts:
            self.receipts[message] = Receipt(message=message, outcome="not_answered", error=error)

    # --- what goes out

    def view(self) -> SessionView:
        return SessionView(
            card=self.card,
            queue=tuple(
                Waiting(id=each.id, line=first_line(each.text), by=each.by) for each in self.queue
            ),
            open=_show_open(self.open) if self.open else None,
            turns=tuple(self.turns),
            last=self.last,
        )

    def carry_over(self) -> SessionSpec:
        carry = SessionCarry(
            queue=tuple(self.queue), receipts=tuple(self.receipts.values()),
            turns=tuple(self.turns), last=self.last, head=self.head, headless=self.headless,
        )  # fmt: skip
        return SessionSpec(card=self.card, carry=carry)


def first_line(text: str) -> str:
    line = clean_line(text.strip().partition("\n")[0][: LINE + 1])
    return line if len(line) <= LINE else f"{line[: LINE - 1]}…"


def _show(turn: OpenTurn) -> Turn:
    return Turn(
        message=turn.message.id, run=turn.run, number=turn.number,
        state="running" if turn.run else "preparing",
    )  # fmt: skip


def _show_open(turn: OpenTurn) -> Answering:
    sent = turn.message
    return Answering(**_show(turn).model_dump(), parts=sent.parts, by=sent.by)
