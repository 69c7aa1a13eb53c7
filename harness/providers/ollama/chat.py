"""Ollama's chat API. The SDK addresses and signs each request; lines are parsed here."""

from __future__ import annotations

import re
from typing import Any

import httpx

from harness.config.settings import ProviderSettings
from harness.contracts.model import ModelReply, ModelRequest
from harness.providers.adapter import Sink, Where
from harness.providers.limits import Bound, Patience, Response, bound_response
from harness.providers.ollama.chat_wire import OllamaFold, body_of
from harness.providers.sdk import client_options, require_sdk, send_request
from harness.providers.sse import LineSplitter
from harness.providers.stream import encode_body, fold_stream, secrets_of

HEADERS = {"Accept": "application/x-ndjson", "Accept-Encoding": "identity"}
_SUFFIX = re.compile(r"/v1/?$")


class OllamaChat:
    def __init__(self, provider: str, settings: ProviderSettings) -> None:
        self._provider = provider
        self._secrets = secrets_of(settings)
        self._patience = Patience.from_settings(settings)
        self._client = ollama_client(provider, settings)

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        where = Where(self._provider, request.model, self._secrets)
        post = self._post(request, where)
        fold = OllamaFold(sink, where)
        return await fold_stream(post, fold, where, self._patience, split=LineSplitter)

    async def _post(self, request: ModelRequest, where: Where) -> Response:
        http = self._client._client  # the SDK's public call has no limit on a line
        content = encode_body(body_of(request, where))
        sent = http.build_request("POST", "/api/chat", content=content, headers=HEADERS)
        return await send_request(http, sent, where)

    async def close(self) -> None:
        await self._client.close()


def ollama_client(provider: str, settings: ProviderSettings, bound: Bound = bound_response) -> Any:
    """Make the SDK's client, over an HTTP client with our limits."""
    require_sdk(provider, "ollama", "ollama")
    from ollama import AsyncClient

    base = _SUFFIX.sub("", settings.base_url or "http://127.0.0.1:11434")
    made: Any = AsyncClient(host=base, **client_options(httpx, bound))
    made._client.headers.pop("authorization", None)  # of a key found in the environment
    if settings.api_key is not None:
        made._client.headers["authorization"] = f"Bearer {settings.api_key.get_secret_value()}"
    return made
