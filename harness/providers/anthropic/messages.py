"""Anthropic's Messages API."""

from __future__ import annotations

from functools import lru_cache

import httpx2
from anthropic import (
    AsyncAnthropic,
    DefaultAioHttpClient,
    DefaultAsyncHttpxClient,
    transform_schema,
)
from pydantic_core import from_json, to_json

from harness.config.settings import ProviderSettings
from harness.contracts.model import ModelReply, ModelRequest
from harness.providers.adapter import Json, Sink, Where
from harness.providers.anthropic.messages_wire import MessagesFold, body_of
from harness.providers.limits import Patience
from harness.providers.stream import (
    HEADERS,
    connect_timeout,
    encode_body,
    fold_stream,
    http_client_of,
    secrets_of,
)


@lru_cache
def _schema_of(output: bytes) -> Json:
    return transform_schema(from_json(output))


class AnthropicMessages:
    def __init__(self, provider: str, settings: ProviderSettings) -> None:
        self._provider = provider
        self._secrets = secrets_of(settings)
        self._patience = Patience.from_settings(settings)
        self._client = AsyncAnthropic(
            # Without one, the SDK would take credentials from the environment and its own files.
            api_key=self._secrets[0] if self._secrets else "none",
            base_url=settings.base_url,
            timeout=connect_timeout(),
            max_retries=0,
            http_client=http_client_of(DefaultAioHttpClient, DefaultAsyncHttpxClient),
        )

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        where = Where(self._provider, request.model, self._secrets)
        output = request.output
        # What the API's schemas cannot say (limits, patterns) becomes part of the descriptions.
        schema = None if output is None else _schema_of(to_json(output))
        post = self._client.post(
            "/v1/messages",
            content=encode_body(body_of(request, where, schema)),
            cast_to=httpx2.Response,
            stream=True,
            stream_cls=None,
            options={"headers": HEADERS},
        )
        fold = MessagesFold(sink, where)
        return await fold_stream(post, fold, where, self._patience, "request-id")

    async def close(self) -> None:
        await self._client.close()
