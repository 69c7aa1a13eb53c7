"""Read and search the content of entries. Content is encrypted, so a search decrypts it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from harness.contracts.errors import ContentCorrupt, StoreError
from harness.request_log.content import clean
from harness.request_log.rows import EntryRow
from harness.request_log.store import RequestStore

CHUNK = 20
MOST_BYTES = 8_000_000
"""Of the parts of one request that are shown."""
MOST_SEARCHED = 32_000_000
"""Bytes that one page of a search looks at."""


@dataclass(frozen=True)
class Content:
    """The content of an entry."""

    parts: tuple[tuple[str, bytes], ...]
    """Kind and digest of each part of the request."""
    rest: dict[str, Any]

    @property
    def digests(self) -> tuple[bytes, ...]:
        """The digests of its parts."""
        return tuple(digest for _, digest in self.parts)

    @classmethod
    def parse(cls, data: bytes) -> Content:
        """Parse what was decrypted."""
        try:
            rest = cast("dict[str, Any]", json.loads(data))
            parts = tuple((kind, base64.b64decode(text)) for kind, text in rest.pop("parts"))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ContentCorrupt("An entry of the request log cannot be read.") from None
        return cls(parts, rest)


class ContentReader:
    """Reads parts, in pieces that do not hold up other requests."""

    def __init__(self, store: RequestStore) -> None:
        self._store = store

    async def read_values(self, row: EntryRow, digests: Sequence[bytes]) -> dict[bytes, Any]:
        """Read the newest parts of a request, up to a size."""
        values, size = dict[bytes, Any](), 0
        wanted = list(dict.fromkeys(reversed(digests)))
        for at in range(0, len(wanted), CHUNK):
            for digest, data in (
                await self._store.read_parts(row, wanted[at : at + CHUNK])
            ).items():
                size += len(data)
                if size <= MOST_BYTES:
                    values[digest] = json.loads(data)
                    await asyncio.sleep(0)
            if size > MOST_BYTES:
                break
        return values


class Search:
    """Looks for a text in entries, in each part once."""

    def __init__(self, store: RequestStore, text: str) -> None:
        self._store = store
        self._needle = json.dumps(clean(text), ensure_ascii=False)[1:-1].lower()
        self._seen = dict[tuple[int, str, bytes], bool]()
        self._left = MOST_SEARCHED

    @property
    def is_tired(self) -> bool:
        """Whether it has looked at as much as one page may."""
        return self._left <= 0

    async def matches(self, row: EntryRow, stored: bytes) -> bool:
        """Whether the request or the answer contains the text. What cannot be read does not."""
        await asyncio.sleep(0)
        try:
            data = await self._store.read_content(row, stored)
            content = Content.parse(data)
        except StoreError as error:
            if error.retryable:
                raise
            return False
        rest = json.dumps(content.rest, ensure_ascii=False)
        if self._has_text(rest):
            return True
        return await self._find_in_parts(row, content)

    async def _find_in_parts(self, row: EntryRow, content: Content) -> bool:
        keys = {digest: (row.bucket, row.run, digest) for digest in content.digests}
        if any(self._seen.get(key) for key in keys.values()):
            return True
        new = [digest for digest, key in keys.items() if key not in self._seen]
        for at in range(0, len(new), CHUNK):
            chunk = new[at : at + CHUNK]
            found = await self._store.read_parts(row, chunk)
            for digest in chunk:
                text = found.get(digest, b"").decode(errors="replace")
                self._seen[keys[digest]] = self._has_text(text)
                await asyncio.sleep(0)
        return any(self._seen[keys[digest]] for digest in new)

    def _has_text(self, text: str) -> bool:
        self._left -= len(text)
        return self._needle in text.lower()
