"""Prompt templates of a daemon."""

from __future__ import annotations

from harness.prompts.client import PAGE, diff_texts
from harness.prompts.prompt import Prompt
from harness.prompts.views import (
    PromptList,
    RenderedPrompt,
    SavedPrompt,
    VersionList,
    VersionSummary,
    VersionView,
)
from harness.remote.connection import DaemonConnection


class RemotePrompts:
    """What commands do with prompt templates through a daemon."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def list(
        self, *, archived: bool = False, limit: int = PAGE, after: str | None = None
    ) -> PromptList:
        return await self._connection.get(
            PromptList, "prompts", archived=archived, limit=limit, cursor=after
        )

    async def save(self, name: str, text: str) -> SavedPrompt:
        return await self._connection.send("PUT", SavedPrompt, "prompts", name, body={"text": text})

    async def find(self, ref: str) -> VersionView:
        return await self._connection.get(VersionView, "prompts", ref)

    async def list_versions(
        self, name: str, *, limit: int = PAGE, before: int | None = None
    ) -> VersionList:
        path = ("prompts", name, "versions")
        return await self._connection.get(VersionList, *path, limit=limit, cursor=before)

    async def diff(self, before: str, after: str) -> str:
        old, new = await self.find(before), await self.find(after)
        return diff_texts(old.ref, old.text, new.ref, new.text)

    async def set_archived(self, name: str, archived: bool) -> VersionSummary:
        act = "archive" if archived else "restore"
        return await self._connection.post(VersionSummary, "prompts", name, act, body={})

    async def fill(self, prompt: Prompt) -> RenderedPrompt:
        body = {"variables": dict(prompt.variables)}
        path = ("prompts", prompt.template, "render")
        return await self._connection.post(RenderedPrompt, *path, body=body)
