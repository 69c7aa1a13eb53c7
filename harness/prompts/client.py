"""What a caller may do with prompt templates: commands, routes and programs all call this.

All users of an installation share its templates. Versions never change, and nothing is deleted.
"""

from __future__ import annotations

import asyncio
import difflib
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.contracts.base import Word
from harness.contracts.errors import (
    ContentCorrupt,
    InvalidVariable,
    PromptArchived,
    PromptNotFound,
    StoreError,
    StoreUnavailable,
    TooManyPrompts,
)
from harness.contracts.prompt import PinnedPrompt
from harness.engine.connection import Connection, get_identity
from harness.prompts.prompt import Prompt, Ref, read_ref
from harness.prompts.store import About, Found, ListedRow, Versions
from harness.prompts.template import Template, fill_template, read_template
from harness.prompts.variables import Unfit, read_words

PAGE, MOST = 50, 500
MAX_PROMPTS = 10_000
MAX_VERSIONS = 10_000
TRIES = 100
"""In each, one of those who save at the same time succeeds."""


class Version(Word):
    """One version of a prompt template, without its text."""

    name: str
    version: int
    by: str
    """Who saved it."""
    created: float
    """Seconds since the epoch."""
    digest: str
    """SHA-256 of the text."""
    description: str | None = None
    archived: bool
    """Whether the template is archived."""

    @property
    def ref(self) -> str:
        return f"{self.name}@{self.version}"


class FullVersion(Version):
    """One version of a prompt template."""

    text: str

    @property
    def template(self) -> Template:
        """The text as it is read."""
        return read_template(self.text)


class Saved(Word):
    """What saving a template did."""

    version: FullVersion
    added: bool
    """False: the newest version has the same text."""


class Listed(Word):
    """A template in a list."""

    name: str
    version: int
    """The newest."""
    archived: bool
    by: str | None = None
    created: float | None = None
    description: str | None = None
    problem: str | None = None
    """Why the version cannot be used."""


class Page(Word):
    """A page of a list of templates."""

    prompts: tuple[Listed, ...]
    next: str | None = None


class VersionPage(Word):
    """A page of the versions of a template, the newest first."""

    versions: tuple[Version, ...]
    next: int | None = None


class Filled(Word):
    """A template with the values of its variables."""

    text: str
    pinned: PinnedPrompt


@dataclass(frozen=True)
class Prompts:
    """The prompt templates of an installation. `by`: who saves; user@host of this process by
    default."""

    connection: Connection
    by: str | None = None

    async def save(self, name: str, text: str) -> Saved:
        """Save a text as the next version, unless the newest one is the same.

        Raises:
            InvalidTemplate: The text is malformed.
            PromptArchived: The template is archived.
        """
        ref = read_ref(name)
        if ref.version is not None:
            raise PromptNotFound(
                f"{name!r} names a version, and versions do not change.", fix=f"Save {ref.name}."
            )
        text = text.replace("\r\n", "\n")
        about = About(
            by=self.by or get_identity(),
            created=time.time(),
            description=read_template(text).description,
            digest=hashlib.sha256(text.encode()).hexdigest(),
        )
        for _ in range(TRIES):
            found = await self._rows.find(name)
            if found is not None:
                newest = await self._open(ref, found)
                if newest.archived:
                    fix = f"Restore it: harness prompt restore {name}"
                    raise PromptArchived(f"Prompt {name} is archived.", fix=fix)
                if newest.text == text:
                    return Saved(version=newest, added=False)
            number = found.last + 1 if found else 1
            await self._check_room(name, number)
            if await self._rows.add(name, number, about, text):
                made = _to_version(name, number, False, about)
                return Saved(version=_with_text(made, text), added=True)
        raise StoreUnavailable(
            f"Prompt {name} was not saved: others keep saving it.", fix="Save it again."
        )

    async def find(self, ref: str) -> FullVersion:
        """Find a version of a template; the newest without a number.

        Raises:
            PromptNotFound: There is none.
        """
        named = read_ref(ref)
        found = await self._rows.find(named.name, named.version)
        if found is None:
            raise PromptNotFound(f"There is no prompt template {named.name!r}.")
        return await self._open(named, found)

    async def list(
        self, *, archived: bool = False, limit: int = PAGE, after: str | None = None
    ) -> Page:
        """List templates by name.

        Args:
            archived: Also those that are archived.
            limit: How many at most.
            after: `next` of the page before.
        """
        after, limit = read_ref(after).name if after else "", max(1, min(limit, MOST))
        rows = await self._rows.list_rows(after=after, archived=archived, limit=limit)
        listed = [await self._list_one(row) for row in rows]
        return Page(prompts=tuple(listed), next=rows[-1].name if len(rows) == limit else None)

    async def list_versions(
        self, name: str, *, limit: int = PAGE, before: int | None = None
    ) -> VersionPage:
        """List the versions of a template, the newest first."""
        newest, limit = await self.find(read_ref(name).name), max(1, min(limit, MOST))
        rows = await self._rows.list_versions(newest.name, before=before, limit=limit)
        versions = [
            _to_version(
                newest.name, number, newest.archived,
                await self._rows.open_about(newest.name, number, about),
            )
            for number, about in rows
        ]  # fmt: skip
        following = versions[-1].version if len(versions) == limit else None
        return VersionPage(versions=tuple(versions), next=following)

    async def diff(self, before: str, after: str) -> str:
        """What differs between two versions, as a unified diff; empty if nothing does."""
        old, new = await self.find(before), await self.find(after)
        return await asyncio.to_thread(diff_texts, old.ref, old.text, new.ref, new.text)

    async def set_archived(self, name: str, archived: bool) -> Version:
        """Archive a template, or restore it. Archived, it is hidden from lists, takes no new
        version, and is used only by a version that is named."""
        found = await self.find(read_ref(name).name)
        await self._rows.set_archived(found.name, archived)
        return found.model_copy(update={"archived": archived})

    async def find_usable(self, ref: str) -> FullVersion:
        """Find the version that a new run uses.

        Raises:
            PromptNotFound: There is none.
            PromptArchived: The template is archived, and no version is named.
        """
        found = await self.find(ref)
        if found.archived and read_ref(ref).version is None:
            raise PromptArchived(f"Prompt {found.name} is archived.")
        return found

    async def fill(self, prompt: Prompt) -> Filled:
        """Make the text of a prompt, and what its run records of it.

        Raises:
            PromptNotFound: There is no such template or version.
            InvalidVariable: A variable is missing or unknown, or its value does not fit.
            PromptTooLarge: The result is too large.
        """
        version = await self.find_usable(prompt.template)
        text, values = fill_template(version.ref, version.template, prompt.variables)
        pinned = PinnedPrompt(
            name=version.name, version=version.version, digest=version.digest, variables=values
        )
        return Filled(text=text, pinned=pinned)

    async def read_words(self, ref: str, words: Sequence[str]) -> Prompt:
        """Make a prompt from words of the form NAME=VALUE, each read as its variable's type."""
        version = await self.find_usable(ref)
        return make_prompt(version.ref, version.template, words)

    @property
    def _rows(self) -> Versions:
        namespace = self.connection.endpoints.namespace
        return Versions(self.connection.database, self.connection.vault, namespace)

    async def _open(self, ref: Ref, found: Found) -> FullVersion:
        if found.number is None or found.about is None or found.content is None:
            if ref.version is None:
                raise ContentCorrupt(f"Version {found.last} of prompt {ref.name} is missing.")
            raise PromptNotFound(
                f"Prompt {ref.name!r} has no version {ref.version}; the newest is {found.last}.",
                fix=f"List them: harness prompt versions {ref.name}",
            )
        about = await self._rows.open_about(ref.name, found.number, found.about)
        text = await self._rows.open_text(ref.name, found.number, found.content)
        return _with_text(_to_version(ref.name, found.number, found.archived, about), text)

    async def _list_one(self, row: ListedRow) -> Listed:
        listed = Listed(name=row.name, version=row.last, archived=row.archived)
        try:
            about = await self._rows.open_about(row.name, row.last, row.about)
        except StoreError as error:
            return listed.model_copy(update={"problem": error.message})
        return listed.model_copy(update=about.model_dump(exclude={"digest"}))

    async def _check_room(self, name: str, number: int) -> None:
        if number > MAX_VERSIONS:
            raise TooManyPrompts(f"Prompt {name} has {MAX_VERSIONS:,} versions.")
        if number == 1 and await self._rows.count() >= MAX_PROMPTS:
            raise TooManyPrompts(f"There are {MAX_PROMPTS:,} prompt templates.")


def _to_version(name: str, number: int, archived: bool, about: About) -> Version:
    return Version(name=name, version=number, archived=archived, **about.model_dump())


def _with_text(version: Version, text: str) -> FullVersion:
    return FullVersion(**version.model_dump(), text=text)


def diff_texts(old: str, before: str, new: str, after: str) -> str:
    """What differs between two texts with these names, as a unified diff."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), old, new
    )
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def make_prompt(ref: str, template: Template, words: Sequence[str]) -> Prompt:
    """Make a prompt from words of the form NAME=VALUE, each read as its variable's type."""
    given: dict[str, list[str]] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            raise InvalidVariable(f"{word[:40]!r} is not NAME=VALUE.", fix="Write amount=3.")
        given.setdefault(name, []).append(value)
    variables = template.variables
    values: dict[str, Any] = {}
    for name, texts in given.items():
        try:
            values[name] = read_words(variables[name], texts) if name in variables else texts[0]
        except Unfit as error:
            words = f"Variable {name[:64]!r} of prompt {ref}: {error}."
            raise InvalidVariable(words) from None
    return Prompt(ref, **values)
