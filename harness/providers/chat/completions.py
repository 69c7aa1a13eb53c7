"""Chat Completions: OpenAI's older API, which many providers and local servers speak."""

from __future__ import annotations

import httpx2

from harness.config.settings import ProviderSettings
from harness.contracts.model import ModelReply, ModelRequest
from harness.providers.adapter import Sink, Where
from harness.providers.chat.chat_wire import ChatFold, body_of, dialect_of
from harness.providers.limits import Patience
from harness.providers.openai.responses import openai_client
from harness.providers.stream import HEADERS, encode_body, fold_stream, secrets_of


class ChatCompletions:
    def __init__(self, provider: str, settings: ProviderSettings) -> None:
        self._provider = provider
        self._client = openai_client(settings)
        self._secrets = secrets_of(settings)
        self._patience = Patience.from_settings(settings)
        self._dialect = dialect_of(settings.base_url or "")

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        where = Where(self._provider, request.model, self._secrets)
        post = self._client.post(
            "/chat/completions",
            content=encode_body(body_of(request, where, self._dialect)),
            cast_to=httpx2.Response,
            stream=True,
            stream_cls=None,
            options={"headers": HEADERS},
        )
        fold = ChatFold(sink, where)
        return await fold_stream(post, fold, where, self._patience, "x-request-id")

    async def close(self) -> None:
        await self._client.close()
