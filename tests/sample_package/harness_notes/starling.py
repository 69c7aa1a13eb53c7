"""A model provider over HTTP: each line of an answer is JSON: with a text, a call or the end."""

from __future__ import annotations

import json
from typing import Any

import httpx

from harness.errors import (
    ContextOverflow,
    InvalidReply,
    ModelNotFound,
    ProviderAuthenticationFailed,
    ProviderBadRequest,
    ProviderError,
    ProviderOverloaded,
    ProviderPermissionDenied,
    ProviderQuotaExceeded,
    ProviderServerError,
    RateLimited,
    StreamInterrupted,
)
from harness.extensions import (
    Message,
    ModelReply,
    ModelRequest,
    ProviderSettings,
    Sink,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)

ERRORS: dict[int, type[ProviderError]] = {
    400: ProviderBadRequest, 401: ProviderAuthenticationFailed, 402: ProviderQuotaExceeded,
    403: ProviderPermissionDenied, 404: ModelNotFound, 429: RateLimited, 503: ProviderOverloaded,
    529: ProviderOverloaded,
}  # fmt: skip


class Starling:
    def __init__(self, name: str, settings: ProviderSettings) -> None:
        self.name = name
        key = settings.api_key
        self._key = "" if key is None else key.get_secret_value()
        self._client = httpx.AsyncClient(
            base_url=settings.base_url or "", headers={"x-key": self._key}
        )

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        lines: list[dict[str, Any]] = []
        body = _describe(request)
        try:
            async with self._client.stream("POST", "/talk", json=body) as answer:
                if answer.status_code != 200:
                    raise self._refusal(answer, (await answer.aread()).decode())
                async for line in answer.aiter_lines():
                    lines.append(json.loads(line))
                    sink(text) if (text := lines[-1].get("text")) else None
        except httpx.HTTPError as error:
            raise StreamInterrupted(f"{self.name}: {type(error).__name__}") from None
        return self._reply(request, lines)

    def _refusal(self, answer: httpx.Response, text: str) -> ProviderError:
        text = text.replace(self._key, "***") if self._key else text
        kind = ERRORS.get(answer.status_code, ProviderServerError)
        kind = ContextOverflow if "context length" in text else kind
        after = answer.headers.get("retry-after")
        message = f"{self.name}: {answer.status_code} {text}"
        return kind(message, retry_after=float(after) if after else None)

    def _reply(self, request: ModelRequest, lines: list[dict[str, Any]]) -> ModelReply:
        if not lines or "end" not in lines[-1]:
            raise StreamInterrupted(f"{self.name}: the answer has no end")
        text = "".join(each.get("text", "") for each in lines)
        calls = [ToolCall(**each["call"]) for each in lines if "call" in each]
        if not text and not calls:
            raise InvalidReply(f"{self.name}: the answer is empty")
        parts = (*([Text(text=text)] if text else []), *calls)
        end = lines[-1]["end"]
        return ModelReply(
            message=Message(role="assistant", parts=parts),
            usage=Usage(input=end["input"], output=end["output"]),
            finish="tool_calls" if calls else end["finish"],
            model=request.model,
        )

    async def close(self) -> None:
        await self._client.aclose()


def _describe(request: ModelRequest) -> dict[str, Any]:
    said = [
        {"role": message.role, "parts": [_describe_part(part) for part in message.parts]}
        for message in request.messages
    ]
    tools = [each.name for each in request.tools]
    return {"model": request.model, "tools": tools, "said": said, "order": request.instructions}


def _describe_part(part: Any) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"text": part.text}
    if isinstance(part, ToolCall):
        return {"call": part.name, "id": part.id, "arguments": part.arguments}
    return {"id": part.call, "result": part.content} if isinstance(part, ToolResult) else {}
