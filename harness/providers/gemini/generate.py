"""Google's Gemini API. The SDK addresses and signs each request; events are parsed here."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import httpx2

from harness.commons.certificates import load_certificates
from harness.config.settings import ProviderSettings
from harness.contracts.model import ModelReply, ModelRequest
from harness.providers.adapter import Sink, Where
from harness.providers.gemini.generate_wire import GenerateFold, body_of
from harness.providers.limits import Patience, Response
from harness.providers.sdk import client_options, key_of, require_sdk, send_request
from harness.providers.stream import HEADERS, encode_body, fold_stream, secrets_of

VERSION = "v1beta"
_SUFFIX = re.compile(r"/v1(beta)?(/openai)?/?$")


class GeminiGenerate:
    def __init__(self, provider: str, settings: ProviderSettings) -> None:
        self._provider = provider
        self._secrets = secrets_of(settings)
        self._patience = Patience.from_settings(settings)
        self._http = httpx2.AsyncClient(**client_options(httpx2))
        self._client = gemini_client(provider, settings, self._http)

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        where = Where(self._provider, request.model, self._secrets)
        fold = GenerateFold(sink, where)
        return await fold_stream(self._post(request, where), fold, where, self._patience)

    async def _post(self, request: ModelRequest, where: Where) -> Response:
        name = quote(request.model, safe="/")
        model = name if "/" in name else f"models/{name}"
        path = f"{model}:streamGenerateContent?alt=sse"
        # The SDK has no public call that returns the bytes of a stream.
        signed = self._client._api_client._build_request("post", path, {})
        sent = self._http.build_request(
            "POST",
            signed.url,
            content=encode_body(body_of(request, where)),
            headers={**signed.headers, **HEADERS},
        )
        return await send_request(self._http, sent, where)

    async def close(self) -> None:
        await self._http.aclose()


def gemini_client(provider: str, settings: ProviderSettings, http: httpx2.AsyncClient) -> Any:
    """Make the SDK's client, over our HTTP client."""
    require_sdk(provider, "gemini", "google.genai")
    from google.genai import Client
    from google.genai.types import HttpOptions

    # A base_url for Chat Completions serves too, so that changing `kind` is enough.
    base = _SUFFIX.sub("", settings.base_url or "https://generativelanguage.googleapis.com")
    # The SDK makes clients of its own too, which nobody uses.
    certificates = {"verify": load_certificates("httpx2")}
    options = HttpOptions(
        base_url=base, api_version=VERSION, httpx_async_client=http, client_args=certificates,
        async_client_args=certificates,
    )  # fmt: skip
    return Client(vertexai=False, api_key=key_of(settings), http_options=options)
