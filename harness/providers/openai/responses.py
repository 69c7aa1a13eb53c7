"""OpenAI's Responses API, used without server-side state: every call sends all it needs."""

from __future__ import annotations

import httpx2
from openai import AsyncOpenAI, DefaultAioHttpClient, DefaultAsyncHttpxClient

from harness.config.settings import ProviderSettings
from harness.contracts.model import ModelReply, ModelRequest
from harness.providers.adapter import Sink, Where
from harness.providers.limits import Bound, Patience, bound_response
from harness.providers.openai.responses_wire import ResponsesFold, body_of
from harness.providers.stream import (
    HEADERS,
    connect_timeout,
    encode_body,
    fold_stream,
    http_client_of,
    secrets_of,
)


class OpenAIResponses:
    def __init__(self, provider: str, settings: ProviderSettings) -> None:
        self._provider = provider
        self._client = openai_client(settings)
        self._secrets = secrets_of(settings)
        self._patience = Patience.from_settings(settings)

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        where = Where(self._provider, request.model, self._secrets)
        post = self._client.post(
            "/responses",
            content=encode_body(body_of(request, where)),
            cast_to=httpx2.Response,
            stream=True,
            stream_cls=None,
            options={"headers": HEADERS},
        )
        fold = ResponsesFold(sink, where)
        return await fold_stream(post, fold, where, self._patience, "x-request-id")

    async def close(self) -> None:
        await self._client.close()


def openai_client(settings: ProviderSettings, bound: Bound = bound_response) -> AsyncOpenAI:
    """Make the SDK's client, over an HTTP client with our limits."""
    key = settings.api_key
    return AsyncOpenAI(
        api_key=key.get_secret_value() if key else "none",
        base_url=settings.base_url,
        timeout=connect_timeout(),
        max_retries=0,
        http_client=http_client_of(DefaultAioHttpClient, DefaultAsyncHttpxClient, bound),
    )
