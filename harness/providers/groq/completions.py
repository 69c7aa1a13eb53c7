"""Groq's Chat Completions."""

from __future__ import annotations

import httpx

from harness.config.settings import ProviderSettings
from harness.contracts.model import ModelReply, ModelRequest
from harness.providers.adapter import Sink, Where
from harness.providers.chat.chat_wire import ChatFold, Dialect, body_of
from harness.providers.limits import Patience
from harness.providers.sdk import client_options, key_of, require_sdk
from harness.providers.stream import HEADERS, encode_body, fold_stream, secrets_of

DIALECT = Dialect(max_tokens="max_completion_tokens")


class GroqCompletions:
    def __init__(self, provider: str, settings: ProviderSettings) -> None:
        require_sdk(provider, "groq", "groq")
        from groq import AsyncGroq

        self._provider = provider
        self._secrets = secrets_of(settings)
        self._patience = Patience.from_settings(settings)
        self._client = AsyncGroq(
            api_key=key_of(settings),
            base_url=settings.base_url or "https://api.groq.com/openai/v1",
            max_retries=0,
            http_client=httpx.AsyncClient(**client_options(httpx)),
        )

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        where = Where(self._provider, request.model, self._secrets)
        post = self._client.post(
            "/chat/completions",
            content=encode_body(body_of(request, where, DIALECT)),
            cast_to=httpx.Response,
            stream=True,
            stream_cls=None,
            options={"headers": HEADERS},
        )
        return await fold_stream(post, ChatFold(sink, where), where, self._patience)

    async def close(self) -> None:
        await self._client.close()
