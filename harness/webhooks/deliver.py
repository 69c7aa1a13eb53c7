"""Deliver the events of a run to a subscription: in order, at least once, from where the last
attempt stopped."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import cast

from harness.access.store import Users
from harness.api.caller import LOCAL_USER, Role
from harness.commons.log import get_logger
from harness.contracts.errors import (
    Forgotten,
    RunNotFound,
    WebhookRefused,
    WebhookUndelivered,
)
from harness.contracts.event import Cursor, DurableEvent, RunStarted
from harness.engine.connection import Connection
from harness.history import reader
from harness.history.owner import read_owner
from harness.history.position import Position
from harness.webhooks.contracts import Delivered, DeliverRun
from harness.webhooks.rows import Lease, Webhook
from harness.webhooks.send import Gone, Message, derive_secret, post_message
from harness.webhooks.settings import WebhookSettings
from harness.webhooks.store import Deliveries, Webhooks

QUIET_S = 20.0
"""A run that does nothing for this long is left until it goes on."""
LONGEST_S = 600.0
"""An attempt ends after this time, so that a busy run does not keep its place for hours."""
SKEW_S = 60
"""Clocks of Postgres and Temporal may differ by this much."""
MAX_BODY = 256_000
"""A larger event is sent without its content."""

log = get_logger(__name__)


async def deliver_events(connection: Connection, request: DeliverRun) -> Delivered:
    """Send what a run did since the last message, and what it does next, until it is quiet.

    Raises:
        WebhookUndelivered: The receiver did not accept a message.
    """
    lease = await Deliveries(connection.database).take(request.subscription, request.run)
    webhook = await Webhooks(connection).find(request.subscription) if lease else None
    if lease is None or webhook is None or webhook.state in ("disabled", "unsigned"):
        return Delivered(over=True)
    try:
        if not webhook.everyone and await read_owner(connection, request.run) != webhook.owner:
            await Deliveries(connection.database).end(lease)
            return Delivered(over=True)
        return await _Courier(connection, webhook, lease).deliver()
    except (RunNotFound, Forgotten):
        await Deliveries(connection.database).end(lease)
        return Delivered(over=True)


class _Courier:
    """One attempt to deliver a run's events."""

    def __init__(self, connection: Connection, webhook: Webhook, lease: Lease) -> None:
        self._connection, self._webhook, self._lease = connection, webhook, lease
        self._ledger = Deliveries(connection.database)
        self._settings = connection.settings.section(WebhookSettings)
        self._sent = 0

    async def deliver(self) -> Delivered:
        started = time.monotonic()
        cursor = self._lease.cursor
        position = Position(Cursor.parse(cursor) if cursor else None)
        found = reader.read_events(self._connection, self._lease.run)
        async with aclosing(cast("AsyncGenerator[DurableEvent]", found)) as events:
            while time.monotonic() - started < LONGEST_S:
                limit = asyncio.timeout(QUIET_S)
                try:
                    async with limit:
                        event = await anext(events, None)
                except TimeoutError:
                    if not limit.expired():
                        raise
                    return Delivered(quiet=True, sent=self._sent)
                if event is None or self._is_excluded(event):
                    await self._ledger.end(self._lease)
                    return Delivered(over=True, sent=self._sent)
                is_wanted = event.type in self._webhook.events
                if position.passes(event) and is_wanted and not await self._send(event):
                    return Delivered(over=True, sent=self._sent)
        return Delivered(sent=self._sent)

    def _is_excluded(self, event: DurableEvent) -> bool:
        """Whether the run is not one that the subscription gets."""
        if not isinstance(event, RunStarted) or event.continued:
            return False
        early = event.at < self._webhook.created - SKEW_S
        return early or self._webhook.agent not in (None, event.agent)

    async def _send(self, event: DurableEvent) -> bool:
        """Send an event; False if nothing more may be sent."""
        webhook, lease = self._webhook, self._lease
        if why := await _find_lost_right(self._connection, webhook):
            await self._disable(why)
            return False
        message = make_message(webhook.id, event)
        accepted = await self._ledger.begin(lease, message.id, event.type)
        if accepted is None:
            return False
        key = derive_secret(await self._connection.signing.get_signer(), webhook)
        if not accepted and not await self._post(message, key):
            return False
        await self._ledger.finish(lease, message.id, str(event.cursor))
        self._sent += 1
        return True

    async def _post(self, message: Message, key: bytes) -> bool:
        """Send a message; False if the subscription was disabled instead."""
        give_up_s = self._settings.give_up_hours * 3_600
        try:
            await post_message(
                self._webhook.url, message, key, self._settings, owner=self._webhook.owner
            )
        except Gone as error:
            await self._ledger.fail(self._lease, message.id, error.message, give_up_s)
            await self._disable(error.message)
            return False
        except (WebhookUndelivered, WebhookRefused) as error:
            over = await self._ledger.fail(self._lease, message.id, error.message, give_up_s)
            if not over:
                raise WebhookUndelivered(error.message, retry_after=error.retry_after) from None
            hours = self._settings.give_up_hours
            await self._disable(f"Nothing was accepted for {hours:g} hours: {error.message}")
            return False
        return True

    async def _disable(self, reason: str) -> None:
        log.warning("a webhook was disabled", webhook=self._webhook.id, reason=reason)
        await Webhooks(self._connection).disable(self._webhook.id, reason)


def make_message(subscription: str, event: DurableEvent) -> Message:
    """Make the message of an event: the same id and bytes each time."""
    id = "msg_" + hashlib.sha256(f"{subscription}\0{event.cursor}".encode()).hexdigest()[:32]
    head = {
        "type": event.type,
        "timestamp": datetime.fromtimestamp(event.at, UTC).isoformat().replace("+00:00", "Z"),
        "cursor": str(event.cursor),
    }
    data = event.wire()
    if len(data) > MAX_BODY:
        small = {"type": event.type, "run": event.run, "at": event.at, "left_out": True}
        data = json.dumps(small).encode()
    return Message(id, json.dumps(head)[:-1].encode() + b', "data": ' + data + b"}")


async def _find_lost_right(connection: Connection, webhook: Webhook) -> str | None:
    """Why the owner may no longer have these events, if so."""
    if webhook.owner == LOCAL_USER:
        return None
    user = await Users(connection.database, connection.vault).find_user(webhook.owner)
    if user is None or user.disabled is not None or not user.genuine:
        return f"The user {webhook.owner!r} is disabled."
    if webhook.everyone and user.role is not Role.ADMIN:
        return f"The user {webhook.owner!r} is no longer an admin."
    return None
