"""A conversation's inbox: messages come in as updates, and one run after another answers them."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NoReturn

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from harness.contracts.errors import (
    HarnessError,
    InboxFull,
)
from harness.conversations.contracts import (
    CARD_MEMO,
    SESSION,
    Card,
    Change,
    ProjectCard,
    ProjectTurn,
    Receipt,
    SendMessage,
    SessionSpec,
    SessionView,
)
from harness_workflows.session.inbox import Inbox
from harness_workflows.session.turns import answer_message, project

MANY_UPDATES = 1_000
"""After these the session continues in a fresh history, once no run is open."""
MOST_UPDATES = 1_900
"""Temporal accepts 2,000 in one history."""


@workflow.defn(name=SESSION)
class Session:
    @workflow.init
    def __init__(self, spec: SessionSpec) -> None:
        self.inbox = Inbox(spec)
        self.updates = 0
        self.leaving = False
        self.rows: deque[ProjectCard | ProjectTurn] = deque()
        """What the rows in the database do not have yet."""
        self.writing = False
        if spec.carry is None:
            self.rows.append(ProjectCard(card=spec.card))

    @workflow.run
    async def run(self, spec: SessionSpec) -> None:  # noqa: ARG002
        writing = asyncio.create_task(self._write_rows())
        while not self._needs_fresh_history:
            await workflow.wait_condition(lambda: self.inbox.ready or self._needs_fresh_history)
            if self.inbox.ready:
                number = await answer_message(self.inbox)
                if number is not None:
                    self.rows.append(ProjectTurn(card=self.inbox.card, number=number))
        self.leaving = True
        await workflow.wait_condition(self._is_done)
        writing.cancel()
        self._continue_as_new()

    @workflow.update(
        description='Send a message. {"id": "...", "parts": [{"type": "text", "text": "..."}]}'
    )
    async def send(self, message: SendMessage) -> Receipt:
        self.updates += 1
        receipt = self.inbox.accept(message)
        if receipt.outcome == "started":
            await workflow.wait_condition(lambda: self.leaving or not self._is_waiting(message.id))
        return self.inbox.receipts.get(message.id, receipt)

    @send.validator
    def _check_send(self, message: SendMessage) -> None:
        try:
            self._check_room()
            self.inbox.check_send(message)
        except HarnessError as error:
            raise _application_error(error) from None

    @workflow.update(
        description='Rename, tag or archive. {"title": "...", "tags": [], "act": "archive"}'
    )
    async def change(self, change: Change) -> Card:
        self.updates += 1
        try:
            self.inbox.change(change, workflow.time())
        except HarnessError as error:
            raise _application_error(error) from None
        workflow.upsert_memo({CARD_MEMO: self.inbox.card})
        self.rows.append(ProjectCard(card=self.inbox.card))
        return self.inbox.card

    @change.validator
    def _check_change(self, change: Change) -> None:
        try:
            self._check_room()
            self.inbox.check_change(change)
        except HarnessError as error:
            raise _application_error(error) from None

    @workflow.query(description="What waits, what is being answered, and the newest turns.")
    def describe(self) -> SessionView:
        return self.inbox.view()

    @workflow.query(description="What became of the message with this id.")
    def receipt(self, message: str) -> Receipt | None:
        return self.inbox.find_receipt(message)

    # --- inside

    @property
    def _needs_fresh_history(self) -> bool:
        return self.updates >= MANY_UPDATES or workflow.info().is_continue_as_new_suggested()

    def _is_done(self) -> bool:
        """Whether nothing would be lost with this history."""
        return not self.rows and not self.writing and workflow.all_handlers_finished()

    def _check_room(self) -> None:
        if self.updates >= MOST_UPDATES:
            raise InboxFull(
                f"Conversation {self.inbox.card.id!r} has taken {self.updates:,} messages and "
                "changes while its run was open."
            )

    def _is_waiting(self, message: str) -> bool:
        """Whether the message has no run yet."""
        turn = self.inbox.open
        if turn is not None and turn.message.id == message:
            return turn.run is None
        return any(each.id == message for each in self.inbox.queue)

    async def _write_rows(self) -> None:
        """Keep the rows up to date beside the runs, in order."""
        while True:
            await workflow.wait_condition(lambda: bool(self.rows))
            self.writing = True
            request = self.rows.popleft()
            try:
                await project(request)
            except ActivityError:
                workflow.logger.warning("a turn is missing in the rows until they are rebuilt")
            self.writing = False

    def _continue_as_new(self) -> NoReturn:
        workflow.continue_as_new(self.inbox.carry_over(), memo={CARD_MEMO: self.inbox.card})


def _application_error(error: HarnessError) -> ApplicationError:
    return ApplicationError(error.message, type=error.code, non_retryable=True)
