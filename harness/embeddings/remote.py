"""Embedders of model providers, over their official SDKs."""

from __future__ import annotations

import asyncio
import math
from abc import ABC, abstractmethod
from array import array
from collections.abc import Sequence
from typing import Any

import httpx2

from harness.config.settings import ProviderSettings
from harness.contracts.errors import InvalidReply, ProviderError
from harness.embeddings.embedder import Purpose, Vector, split_batches
from harness.providers import errors
from harness.providers.adapter import Where
from harness.providers.limits import Patience, bound_small_response
from harness.providers.sdk import client_options
from harness.providers.stream import secrets_of

DIMENSIONS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
    "gemini-embedding-001": 3072,
    "mistral-embed": 1024,
    "codestral-embed": 1536,
    "nomic-embed-text": 768,
    "mxbai-embed-large": 1024,
    "all-minilm": 384,
}
BATCH_TEXTS = 16
"""The SDKs parse an answer on the event loop: 16 vectors of 3,072 numbers take about 15 ms."""
BATCH_CHARACTERS = 16_000
"""Mistral reads 16,000 tokens in one request; the others more."""
PLAIN = {"Accept-Encoding": "identity"}
MAX_NUMBERS = 16_384
"""Numbers in one vector."""


class RemoteEmbedder(ABC):
    """What the embedders of all providers share: batches, time limits, errors and checks."""

    def __init__(self, provider: str, settings: ProviderSettings, model: str) -> None:
        self.name = f"{provider}/{model}"
        self.dimension: int | None = DIMENSIONS.get(model.partition(":")[0])
        self._model = model
        self._where = Where(provider, model, secrets_of(settings))
        self._patience = Patience.from_settings(settings)

    async def embed(
        self, texts: Sequence[str], purpose: Purpose = "document"
    ) -> tuple[Vector, ...]:
        vectors: list[Vector] = []
        for batch in split_batches(texts, BATCH_TEXTS, BATCH_CHARACTERS):
            vectors += await self._embed_batch(batch, purpose)
        return tuple(vectors)

    async def _embed_batch(self, texts: list[str], purpose: Purpose) -> list[Vector]:
        try:
            async with self._patience.limit_time(self._where):
                found = await self._ask(texts, purpose)
        except (ProviderError, asyncio.CancelledError):
            raise
        except Exception as exc:
            error = errors.error_of_exception(exc, self._where) or self._explain(exc)
            if error is None:
                raise
            raise error from None  # the message has its text, with keys redacted
        return await asyncio.to_thread(self._check, found, len(texts))

    @abstractmethod
    async def _ask(self, texts: list[str], purpose: Purpose) -> list[list[float]]:
        """Ask the provider for one batch, through its SDK."""

    def _explain(self, exc: Exception) -> ProviderError | None:
        """Explain an exception that is no SDK's own: of parsing, or of a refused connection."""
        if isinstance(exc, ConnectionError):
            return errors.error_of_exception(errors.Unreached(str(exc)), self._where)
        if isinstance(exc, ValueError | LookupError | TypeError | AttributeError):
            told = f"the answer does not follow its protocol: {type(exc).__name__}: {exc}"
            return errors.make_error(InvalidReply, told, self._where)
        return None

    def _check(self, found: list[list[float]], count: int) -> list[Vector]:
        if len(found) != count:
            told = f"{len(found)} vectors for {count} texts"
            raise errors.make_error(InvalidReply, told, self._where)
        vectors = [self._make_unit(numbers) for numbers in found]
        size = self.dimension or len(vectors[0])
        if wrong := next((each for each in vectors if len(each) != size), None):
            told = f"a vector of {len(wrong)} numbers, not {size}"
            raise errors.make_error(InvalidReply, told, self._where)
        self.dimension = size
        return vectors

    def _make_unit(self, numbers: list[float]) -> Vector:
        try:
            length = math.hypot(*numbers) if 0 < len(numbers) <= MAX_NUMBERS else 0.0
            if not length or not math.isfinite(length):
                raise ValueError(f"{len(numbers)} numbers of length {length}")
            return array("f", [number / length for number in numbers])
        except (TypeError, ValueError) as exc:
            told = f"a vector that cannot be used: {exc}"
            raise errors.make_error(InvalidReply, told, self._where) from None

    @abstractmethod
    async def close(self) -> None:
        """Close the connections."""


class OpenAIEmbedder(RemoteEmbedder):
    """Embeddings of OpenAI, and of servers that speak its protocol."""

    def __init__(self, provider: str, settings: ProviderSettings, model: str) -> None:
        from harness.providers.openai.responses import openai_client

        super().__init__(provider, settings, model)
        self._client = openai_client(settings, bound_small_response)

    async def _ask(self, texts: list[str], purpose: Purpose) -> list[list[float]]:
        del purpose  # these models embed both alike
        answer = await self._client.embeddings.create(
            model=self._model, input=texts, encoding_format="float", extra_headers=PLAIN
        )
        return [each.embedding for each in sorted(answer.data, key=lambda it: it.index)]

    async def close(self) -> None:
        await self._client.close()


class MistralEmbedder(RemoteEmbedder):
    """Embeddings of Mistral."""

    def __init__(self, provider: str, settings: ProviderSettings, model: str) -> None:
        from harness.providers.mistral.chat import mistral_client

        super().__init__(provider, settings, model)
        self._http = httpx2.AsyncClient(**client_options(httpx2, bound_small_response))
        self._client = mistral_client(provider, settings, self._http)

    async def _ask(self, texts: list[str], purpose: Purpose) -> list[list[float]]:
        del purpose  # these models embed both alike
        answer: Any = await self._client.embeddings.create_async(
            model=self._model, inputs=texts, http_headers=PLAIN, retries=None
        )
        return [each.embedding for each in sorted(answer.data, key=lambda it: it.index)]

    async def close(self) -> None:
        await self._http.aclose()


class GeminiEmbedder(RemoteEmbedder):
    """Embeddings of Gemini."""

    def __init__(self, provider: str, settings: ProviderSettings, model: str) -> None:
        from harness.providers.gemini.generate import gemini_client

        super().__init__(provider, settings, model)
        self._http = httpx2.AsyncClient(
            **client_options(httpx2, bound_small_response), headers=PLAIN
        )
        self._client = gemini_client(provider, settings, self._http)

    async def _ask(self, texts: list[str], purpose: Purpose) -> list[list[float]]:
        task = {"document": "RETRIEVAL_DOCUMENT", "query": "RETRIEVAL_QUERY"}[purpose]
        answer: Any = await self._client.aio.models.embed_content(
            model=self._model, contents=texts, config={"task_type": task}
        )
        return [each.values for each in answer.embeddings or ()]

    async def close(self) -> None:
        await self._http.aclose()


class OllamaEmbedder(RemoteEmbedder):
    """Embeddings of models that Ollama serves."""

    def __init__(self, provider: str, settings: ProviderSettings, model: str) -> None:
        from harness.providers.ollama.chat import ollama_client

        super().__init__(provider, settings, model)
        self._client = ollama_client(provider, settings, bound_small_response)
        self._client._client.headers.update(PLAIN)

    async def _ask(self, texts: list[str], purpose: Purpose) -> list[list[float]]:
        del purpose  # a prefix that a model wants is for its template to add
        answer: Any = await self._client.embed(model=self._model, input=texts, truncate=True)
        return [list(each) for each in answer.embeddings]

    async def close(self) -> None:
        await self._client.close()
