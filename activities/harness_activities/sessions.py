"""The activities of a session: prepare a run, and keep the rows of its conversation."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from harness.conversations import projection, turns
from harness.conversations.contracts import (
    PREPARE,
    Card,
    PreparedTurn,
    PrepareTurn,
    ProjectCard,
    ProjectTurn,
)
from harness.conversations.marks import check_card
from harness.engine.connection import Connection
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.parts import Activity
from harness_activities.unfit import leaving_to_others


def make_activities(connection: Connection) -> list[Activity]:
    """The activities of sessions, for one worker process."""
    made = SessionActivities(connection)
    return [made.prepare_turn, made.project_card, made.project_turn]


@dataclass(frozen=True)
class SessionActivities:
    connection: Connection

    @activity.defn(name=PREPARE)
    async def prepare_turn(self, request: PrepareTurn) -> PreparedTurn:
        """Pin and sign the run that answers a message."""
        with sending_heartbeats(), leaving_to_others():
            await self._check(request.card)
            return await turns.prepare_turn(self.connection, request)

    @activity.defn(name="project_card")
    async def project_card(self, request: ProjectCard) -> None:
        """Save what the conversation is."""
        with sending_heartbeats():
            await self._check(request.card)
            await projection.project_card(self.connection, request.card)

    @activity.defn(name="project_turn")
    async def project_turn(self, request: ProjectTurn) -> None:
        """Save a run that has ended."""
        with sending_heartbeats():
            await self._check(request.card)
            await projection.project_turn(self.connection, request.card, request.number)

    async def _check(self, card: Card) -> None:
        """Refuse a card of another conversation than the one whose session asks."""
        with leaving_to_others():
            await check_card(self.connection, card, activity.info().workflow_id or "")
