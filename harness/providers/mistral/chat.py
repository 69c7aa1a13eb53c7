"""Mistral's chat API. The SDK addresses and signs each request; events are parsed here."""

from __future__ import annotations

import re
from typing import Any

import httpx2

from harness.config.settings import ProviderSettings
from harness.contracts.model import ModelReply, ModelRequest
from harness.providers.adapter import Sink, Where
from harness.providers.limits import Patience, Response
from harness.providers.mistral.chat_wire import MistralFold, body_of
from harness.providers.sdk import client_options, key_of, require_sdk, send_request
from harness.providers.stream import HEADERS, encode_body, fold_stream, secrets_of

_SUFFIX = re.compile(r"/v1/?$")


class MistralChat:
    def __init__(self, provider: str, settings: ProviderSettings) -> None:
        self._provider = provider
        self._secrets = secrets_of(settings)
        self._patience = Patience.from_settings(settings)
        self._http = httpx2.AsyncClient(**client_options(httpx2))
        self._client = mistral_client(provider, settings, self._http)

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        where = Where(self._provider, request.model, self._secrets)
        fold = MistralFold(sink, where)
        return await fold_stream(self._post(request, where), fold, where, self._patience)

    async def _post(self, request: ModelRequest, where: Where) -> Response:
        from mistralai.client.utils import SerializedRequestBody

        body = SerializedRequestBody(HEADERS["Content-Type"], encode_body(body_of(request, where)))
        # The SDK's public call checks and copies the whole conversation first, and each event.
        sent = self._client._build_request_async(
            method="POST",
            path="/v1/chat/completions",
            base_url=self._client._get_url(None, None),
            url_variables=None,
            request=None,
            request_body_required=True,
            request_has_path_params=False,
            request_has_query_params=False,
            user_agent_header="user-agent",
            accept_header_value=HEADERS["Accept"],
            http_headers=HEADERS,
            security=self._client.sdk_configuration.security,
            get_serialized_body=lambda: body,
        )
        return await send_request(self._http, sent, where)

    async def close(self) -> None:
        await self._http.aclose()


def mistral_client(provider: str, settings: ProviderSettings, http: httpx2.AsyncClient) -> Any:
    """Make the SDK's client, over our HTTP client."""
    require_sdk(provider, "mistral", "mistralai.client")
    from mistralai.client import Mistral

    base = _SUFFIX.sub("", settings.base_url or "https://api.mistral.ai")
    return Mistral(api_key=key_of(settings), server_url=base, async_client=http)
