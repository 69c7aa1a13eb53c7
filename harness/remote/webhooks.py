"""Webhooks of a daemon."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

from harness.contracts.errors import DaemonAnswerInvalid
from harness.remote.connection import DaemonConnection
from harness.webhooks.rows import Delivery, Webhook
from harness.webhooks.views import CreatedWebhook, DeliveryList, Resumed, SentTest, WebhookList


class RemoteWebhooks:
    """What commands do with webhooks through a daemon."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def add(
        self, url: str, *, events: Sequence[str], agent: str | None, owner: str | None
    ) -> tuple[Webhook, str]:
        body = {
            "url": url, "events": list(events), "agent": agent, "owner": owner,
            "everyone": owner is None,
        }  # fmt: skip
        made: CreatedWebhook = await self._connection.post(CreatedWebhook, "webhooks", body=body)
        if not made.secret.isascii() or not made.secret.isprintable():
            raise DaemonAnswerInvalid(f"{self._connection.url} answers with no secret.")
        return made.webhook, made.secret

    async def list(self) -> builtins.list[Webhook]:
        found: WebhookList = await self._connection.get(WebhookList, "webhooks")
        return found.webhooks

    async def find(self, id: str) -> Webhook:
        return await self._connection.get(Webhook, "webhooks", id)

    async def remove(self, id: str) -> Webhook:
        return await self._connection.send("DELETE", Webhook, "webhooks", id)

    async def test(self, id: str) -> str:
        sent: SentTest = await self._connection.post(SentTest, "webhooks", id, "test", body={})
        return sent.id

    async def resume(self, id: str) -> int:
        resumed: Resumed = await self._connection.post(Resumed, "webhooks", id, "resume", body={})
        return resumed.runs

    async def list_deliveries(self, id: str, limit: int) -> builtins.list[Delivery]:
        path = ("webhooks", id, "deliveries")
        found: DeliveryList = await self._connection.get(DeliveryList, *path, limit=limit)
        return found.deliveries
