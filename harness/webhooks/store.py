"""The SQL of webhooks.

A subscription carries a MAC over what gives it power: write access to the database is not enough to
have the runs of others sent elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import LiteralString

from harness.contracts.errors import StoreError
from harness.crypto.place import place_of
from harness.crypto.vault import Vault
from harness.engine.connection import Connection
from harness.store.database import Database, Row
from harness.webhooks.rows import Delivery, Lease, State, Webhook

KEPT_DAYS = 30
"""How long messages that were accepted are listed."""
NOTED_DAYS = 30
"""How long runs are noted for a subscription that is disabled, to be sent when it is resumed."""
COLUMNS: LiteralString = (
    "id, owner, everyone, agent, events, url, extract(epoch FROM created)::bigint, mac, "
    "extract(epoch FROM failing_since)::float8, extract(epoch FROM disabled)::float8, reason"
)
BEGIN = """
INSERT INTO harness_webhooks.delivery AS d (subscription, id, run, kind)
SELECT s.id, %s, f.run, %s
FROM harness_webhooks.followed_run f JOIN harness_webhooks.subscription s ON s.id = f.subscription
WHERE f.subscription = %s AND f.run = %s AND f.fence = %s AND s.disabled IS NULL
ON CONFLICT (subscription, id) DO UPDATE SET attempts = d.attempts + 1, tried = now()
RETURNING done IS NOT NULL
"""
FINISH = """
WITH done AS (
  UPDATE harness_webhooks.delivery SET done = coalesce(done, now()), problem = NULL
  WHERE subscription = %(subscription)s AND id = %(id)s
), moved AS (
  UPDATE harness_webhooks.followed_run SET cursor = %(cursor)s
  WHERE subscription = %(subscription)s AND run = %(run)s AND fence = %(fence)s
)
UPDATE harness_webhooks.subscription SET failing_since = NULL
WHERE id = %(subscription)s AND failing_since IS NOT NULL
"""
FAIL = """
WITH held AS (
  SELECT 1 FROM harness_webhooks.followed_run
  WHERE subscription = %(subscription)s AND run = %(run)s AND fence = %(fence)s FOR SHARE
), failed AS (
  UPDATE harness_webhooks.delivery SET problem = %(problem)s
  WHERE subscription = %(subscription)s AND id = %(id)s AND EXISTS (SELECT FROM held)
)
UPDATE harness_webhooks.subscription SET failing_since = coalesce(failing_since, now())
WHERE id = %(subscription)s AND EXISTS (SELECT FROM held)
RETURNING failing_since < now() - make_interval(secs => %(give_up_s)s)
"""
END = """
WITH old AS (
  DELETE FROM harness_webhooks.delivery
  WHERE subscription = %(subscription)s AND done < now() - make_interval(days => %(days)s)
), older AS (
  DELETE FROM harness_webhooks.followed_run
  WHERE subscription = %(subscription)s AND ended < now() - make_interval(days => %(days)s)
)
UPDATE harness_webhooks.followed_run SET ended = now()
WHERE subscription = %(subscription)s AND run = %(run)s AND fence = %(fence)s
"""
ADD = """
INSERT INTO harness_webhooks.subscription
  (id, namespace, owner, everyone, agent, events, url, created, mac)
SELECT %s, %s, %s, %s, %s, %b::text[], %s, to_timestamp(%s), %s
WHERE (SELECT count(*) FROM harness_webhooks.subscription WHERE namespace = %s AND owner = %s) < %s
ON CONFLICT (id) DO NOTHING RETURNING id
"""


class Webhooks:
    """The subscriptions of a Temporal namespace."""

    def __init__(self, connection: Connection) -> None:
        self._database: Database = connection.database
        self._vault: Vault = connection.vault
        self._namespace = connection.endpoints.namespace

    async def add(self, webhook: Webhook, most: int) -> bool:
        """Add a subscription; False if its owner has `most` already."""
        url = await self._vault.encrypt_text(None, webhook.url, _place_of_url(webhook.id))
        mac = self._vault.sign(_place_of(self._namespace, webhook))
        rows = await self._database.fetch(
            ADD,
            (
                webhook.id, self._namespace, webhook.owner, webhook.everyone, webhook.agent,
                list(webhook.events), url, webhook.created, mac,
                self._namespace, webhook.owner, most,
            ),
        )  # fmt: skip
        return bool(rows)

    async def find(self, id: str) -> Webhook | None:
        rows = await self._database.fetch(
            f"SELECT {COLUMNS} FROM harness_webhooks.subscription WHERE namespace = %s AND id = %s",
            (self._namespace, id),
        )
        return await self._read(rows[0]) if rows else None

    async def list_owned(self, owner: str | None) -> list[Webhook]:
        """List the subscriptions of a user, or of all users; the oldest first."""
        rows = await self._database.fetch(
            f"SELECT {COLUMNS} FROM harness_webhooks.subscription "
            "WHERE namespace = %s AND (%s::text IS NULL OR owner = %s) ORDER BY created, id",
            (self._namespace, owner, owner),
        )
        return [await self._read(row) for row in rows]

    async def has_any(self, agent: str) -> bool:
        """Whether anyone may want events of this agent's runs."""
        rows = await self._database.fetch(
            "SELECT EXISTS (SELECT 1 FROM harness_webhooks.subscription "
            "WHERE namespace = %s AND (agent IS NULL OR agent = %s))",
            (self._namespace, agent),
        )
        return rows[0][0]

    async def find_covering(self, owner: str | None, agent: str) -> list[Webhook]:
        """Find the genuine subscriptions that get the runs of this owner and agent."""
        rows = await self._database.fetch(
            f"SELECT {COLUMNS} FROM harness_webhooks.subscription "
            "WHERE namespace = %s AND (everyone OR owner = %s) AND (agent IS NULL OR agent = %s)",
            (self._namespace, owner, agent),
        )
        found = [await self._read(row) for row in rows]
        return [each for each in found if each.state != "unsigned"]

    async def remove(self, id: str) -> None:
        await self._database.fetch(
            "DELETE FROM harness_webhooks.subscription WHERE namespace = %s AND id = %s",
            (self._namespace, id),
        )

    async def disable(self, id: str, reason: str) -> None:
        await self._database.fetch(
            "UPDATE harness_webhooks.subscription SET disabled = now(), reason = %s "
            "WHERE id = %s AND disabled IS NULL",
            (reason, id),
        )

    async def enable(self, id: str) -> None:
        await self._database.fetch(
            "UPDATE harness_webhooks.subscription "
            "SET disabled = NULL, failing_since = NULL, reason = NULL WHERE id = %s",
            (id,),
        )

    async def _read(self, row: Row) -> Webhook:
        id, owner, everyone, agent, events, url, created, mac, failing, disabled, reason = row
        state: State = "disabled" if disabled else "failing" if failing else "active"
        webhook = Webhook(
            id=id, owner=owner, everyone=everyone, agent=agent, events=tuple(events), url="",
            created=created, state=state, failing_since=failing, disabled=disabled, reason=reason,
        )  # fmt: skip
        try:
            self._vault.check_signed(mac, _place_of(self._namespace, webhook))
            url = await self._vault.decrypt_text(url, _place_of_url(id))
        except StoreError as error:
            if error.retryable:
                raise
            return replace(webhook, state="unsigned")
        return replace(webhook, url=url)


class Deliveries:
    """The runs that subscriptions follow, and the ledger of messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def follow(self, subscriptions: Sequence[str], run: str) -> None:
        """Note that the subscriptions get this run's events, unless they were disabled long ago.
        Again changes nothing."""
        await self._database.fetch(
            "INSERT INTO harness_webhooks.followed_run (subscription, run) "
            "SELECT id, %s FROM harness_webhooks.subscription WHERE id = ANY(%b::text[]) "
            "AND (disabled IS NULL OR disabled > now() - make_interval(days => %s)) "
            "ON CONFLICT DO NOTHING",
            (run, list(subscriptions), NOTED_DAYS),
        )

    async def list_open(self, subscription: str, after: str, limit: int) -> list[str]:
        """List runs whose events have not all been sent, in the order of their ids."""
        rows = await self._database.fetch(
            "SELECT run FROM harness_webhooks.followed_run "
            "WHERE subscription = %s AND ended IS NULL AND run > %s ORDER BY run LIMIT %s",
            (subscription, after, limit),
        )
        return [row[0] for row in rows]

    async def take(self, subscription: str, run: str) -> Lease | None:
        """Take the right to send from earlier attempts; None if nothing is to be sent."""
        rows = await self._database.fetch(
            "UPDATE harness_webhooks.followed_run SET fence = fence + 1, ended = NULL "
            "WHERE subscription = %s AND run = %s RETURNING fence, cursor",
            (subscription, run),
        )
        if not rows:
            return None
        return Lease(subscription=subscription, run=run, fence=rows[0][0], cursor=rows[0][1])

    async def begin(self, lease: Lease, id: str, kind: str) -> bool | None:
        """Note that a message is being sent.

        Returns:
            Whether it was accepted before; None if this attempt may not send any more.
        """
        rows = await self._database.fetch(
            BEGIN, (id, kind, lease.subscription, lease.run, lease.fence)
        )
        return rows[0][0] if rows else None

    async def finish(self, lease: Lease, id: str, cursor: str) -> None:
        """Note that the receiver accepted a message."""
        await self._database.fetch(FINISH, _fields(lease) | {"id": id, "cursor": cursor})

    async def fail(self, lease: Lease, id: str, problem: str, give_up_s: float) -> bool:
        """Note that an attempt failed; returns whether the receiver has been failing for so long
        that the subscription is to be disabled. An attempt that was superseded notes nothing."""
        more = {"id": id, "problem": problem, "give_up_s": give_up_s}
        rows = await self._database.fetch(FAIL, _fields(lease) | more)
        return bool(rows) and rows[0][0]

    async def end(self, lease: Lease) -> None:
        """Note that all events of the run were sent; forget old ones."""
        await self._database.fetch(END, _fields(lease) | {"days": KEPT_DAYS})

    async def list_newest(self, subscription: str, limit: int) -> list[Delivery]:
        """List messages, those sent last first."""
        rows = await self._database.fetch(
            "SELECT id, run, kind, extract(epoch FROM begun)::float8, "
            "extract(epoch FROM tried)::float8, attempts, extract(epoch FROM done)::float8, "
            "problem FROM harness_webhooks.delivery WHERE subscription = %s "
            "ORDER BY tried DESC, id LIMIT %s",
            (subscription, limit),
        )
        names = ("id", "run", "kind", "begun", "tried", "attempts", "done", "problem")
        return [Delivery(**dict(zip(names, row, strict=True))) for row in rows]


def _fields(lease: Lease) -> dict[str, object]:
    return {"subscription": lease.subscription, "run": lease.run, "fence": lease.fence}


def _place_of(namespace: str, webhook: Webhook) -> bytes:
    return place_of(
        "webhooks.subscription", namespace, webhook.id, webhook.owner, webhook.everyone,
        webhook.agent is not None, webhook.agent or "", *webhook.events, webhook.created,
    )  # fmt: skip


def _place_of_url(id: str) -> bytes:
    return place_of("webhooks.url", id)
