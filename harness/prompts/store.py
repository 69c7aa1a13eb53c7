"""The rows of prompt templates. A version is encrypted, or carries a MAC, for its place: write
access to the database is not enough to put words into runs."""

from __future__ import annotations

from typing import NamedTuple

from harness.contracts.base import Word
from harness.contracts.errors import ContentCorrupt
from harness.crypto.place import place_of
from harness.crypto.vault import Vault
from harness.store.database import Database

ABOUT, TEXT = "prompts.version.about", "prompts.version.content"
"""Places: apart, so that lists do not read texts."""
# Without a row, the first version; the number is taken by whoever is first.
ADD = """
WITH advanced AS (
  INSERT INTO harness_prompts.prompt AS p (namespace, name, last)
  VALUES (%(namespace)s, %(name)s, 1)
  ON CONFLICT (namespace, name) DO UPDATE SET last = p.last + 1
    WHERE p.last = %(number)s - 1 AND p.archived IS NULL
  RETURNING last
)
INSERT INTO harness_prompts.version (namespace, name, number, about, content)
SELECT %(namespace)s, %(name)s, last, %(about)b, %(content)b FROM advanced WHERE last = %(number)s
RETURNING number
"""
FIND = """
SELECT p.last, p.archived IS NOT NULL, v.number, v.about, v.content
FROM harness_prompts.prompt p LEFT JOIN harness_prompts.version v
  ON v.namespace = p.namespace AND v.name = p.name AND v.number = coalesce(%s, p.last)
WHERE p.namespace = %s AND p.name = %s
"""
LIST = """
SELECT p.name, p.last, p.archived IS NOT NULL, v.about
FROM harness_prompts.prompt p JOIN harness_prompts.version v
  ON v.namespace = p.namespace AND v.name = p.name AND v.number = p.last
WHERE p.namespace = %s AND p.name > %s AND (%s OR p.archived IS NULL)
ORDER BY p.name LIMIT %s
"""
VERSIONS = """
SELECT number, about FROM harness_prompts.version
WHERE namespace = %s AND name = %s AND (%s::int IS NULL OR number < %s)
ORDER BY number DESC LIMIT %s
"""
SET_ARCHIVED = """
UPDATE harness_prompts.prompt SET archived = CASE WHEN %s THEN coalesce(archived, now()) END
WHERE namespace = %s AND name = %s RETURNING name
"""


class About(Word):
    """What is kept of a version besides its text."""

    by: str
    """Who saved it."""
    created: float
    """Seconds since the epoch."""
    digest: str
    """SHA-256 of the text."""
    description: str | None = None


class Found(NamedTuple):
    """A template, with one of its versions."""

    last: int
    archived: bool
    number: int | None
    """None: it has no such version."""
    about: bytes | None
    content: bytes | None


class ListedRow(NamedTuple):
    """A template in a list, with its newest version."""

    name: str
    last: int
    archived: bool
    about: bytes


class Versions:
    """The rows of one namespace."""

    def __init__(self, database: Database, vault: Vault, namespace: str) -> None:
        self._database, self._vault, self._namespace = database, vault, namespace

    async def add(self, name: str, number: int, about: About, text: str) -> bool:
        """Add the version after the newest one; False if `number` is not that any more, or the
        template is archived. Again adds nothing."""
        places = {"about": (ABOUT, about.wire()), "content": (TEXT, text.encode())}
        values: dict[str, object] = {"namespace": self._namespace, "name": name, "number": number}
        for column, (place, plain) in places.items():
            where = self._place(place, name, number)
            values[column] = await self._vault.encrypt(None, plain, where)
        return bool(await self._database.fetch(ADD, values))

    async def find(self, name: str, number: int | None = None) -> Found | None:
        rows = await self._database.fetch(FIND, (number, self._namespace, name))
        return Found(*rows[0]) if rows else None

    async def list_rows(self, *, after: str, archived: bool, limit: int) -> list[ListedRow]:
        values = (self._namespace, after, archived, limit)
        return [ListedRow(*row) for row in await self._database.fetch(LIST, values)]

    async def list_versions(
        self, name: str, *, before: int | None, limit: int
    ) -> list[tuple[int, bytes]]:
        """The newest first."""
        values = (self._namespace, name, before, before, limit)
        rows = await self._database.fetch(VERSIONS, values)
        return [(number, about) for number, about in rows]

    async def set_archived(self, name: str, archived: bool) -> bool:
        """False if there is no such template."""
        values = (archived, self._namespace, name)
        return bool(await self._database.fetch(SET_ARCHIVED, values))

    async def count(self) -> int:
        """How many templates there are."""
        query = "SELECT count(*) FROM harness_prompts.prompt WHERE namespace = %s"
        return (await self._database.fetch(query, (self._namespace,)))[0][0]

    async def open_text(self, name: str, number: int, content: bytes) -> str:
        """Read the text of a version; StoreError if its row is not genuine."""
        place = self._place(TEXT, name, number)
        return (await self._vault.decrypt(bytes(content), place)).decode()

    async def open_about(self, name: str, number: int, about: bytes) -> About:
        """Read the rest of a version; StoreError if its row is not genuine."""
        plain = await self._vault.decrypt(bytes(about), self._place(ABOUT, name, number))
        try:
            return About.model_validate_json(plain)
        except ValueError as error:
            raise ContentCorrupt(
                f"Prompt {name}@{number} cannot be read by this version: {error}",
                fix="Upgrade harness here: a newer version saved it.",
            ) from error

    def _place(self, column: str, name: str, number: int) -> bytes:
        return place_of(column, name, self._namespace, number)
