"""The SQL of subjects and invariants."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from harness.care.invariants.invariant import Invariant
from harness.care.invariants.judge import Judgement
from harness.care.invariants.rows import Sample, Watched
from harness.care.subjects.subject import Subject
from harness.store.database import Database, Row

SAMPLES = 240
"""Values that are kept of each invariant."""
ADD_SUBJECT = """
WITH added AS (
  INSERT INTO harness_care.subject (name, folder, definition, digest, added_by, mark)
  VALUES (%(name)s, %(folder)s, %(definition)s, %(digest)s, %(by)s, %(mark)s)
  ON CONFLICT (name) DO UPDATE SET folder = excluded.folder, definition = excluded.definition,
    digest = excluded.digest, added_by = excluded.added_by, added = now(), mark = excluded.mark
  RETURNING name
), gone AS (
  DELETE FROM harness_care.invariant WHERE subject = %(name)s AND by IS NULL
    AND name <> ALL(%(names)s::text[])
)
INSERT INTO harness_care.invariant (subject, name, definition)
SELECT added.name, i.name, i.definition
FROM added, unnest(%(names)s::text[], %(invariants)s::jsonb[]) AS i (name, definition)
ON CONFLICT (subject, name) DO UPDATE SET definition = excluded.definition, by = NULL
"""
SUBJECTS = """
SELECT name, folder, definition, digest, added_by, extract(epoch FROM added)::float8, mark
FROM harness_care.subject WHERE %(name)s::text IS NULL OR name = %(name)s ORDER BY name
"""
ADD_INVARIANTS = """
INSERT INTO harness_care.invariant (subject, name, definition, by)
SELECT %(subject)s, i.name, i.definition, %(by)s
FROM unnest(%(names)s::text[], %(definitions)s::jsonb[]) AS i (name, definition)
ON CONFLICT (subject, name) DO UPDATE SET definition = excluded.definition, by = excluded.by
WHERE invariant.by IS NOT NULL RETURNING name
"""
WATCHED = """
SELECT i.subject, i.definition, i.by, j.state, j.at, j.since, j.violated_since, j.value, j.message,
  j.good_since, j.was_broken,
  EXISTS (SELECT FROM harness_care.silence s WHERE s.until > now()
    AND s.subject = i.subject AND coalesce(s.name, i.name) = i.name)
FROM harness_care.invariant i LEFT JOIN harness_care.judgement j USING (subject, name)
WHERE (%(subject)s::text IS NULL OR subject = %(subject)s)
  AND (%(names)s::text[] IS NULL OR name = ANY(%(names)s))
ORDER BY i.subject, i.name
"""
# One that was removed meanwhile is left out; an older evaluation overwrites no newer one.
SAVE = """
WITH found AS (
  SELECT f.* FROM unnest(%(subjects)s::text[], %(names)s::text[], %(states)s::text[],
    %(ats)s::float8[], %(sinces)s::float8[], %(violated)s::float8[], %(values)s::float8[],
    %(messages)s::text[], %(good)s::float8[], %(was)s::bool[])
    AS f (subject, name, state, at, since, violated_since, value, message, good_since, was_broken)
  JOIN harness_care.invariant USING (subject, name)
), sampled AS (
  INSERT INTO harness_care.sample (subject, name, slot, at, value, state)
  SELECT subject, name, %(slot)s, at, value, state FROM found
  ON CONFLICT (subject, name, slot) DO UPDATE SET at = excluded.at, value = excluded.value,
    state = excluded.state WHERE sample.at < excluded.at
)
INSERT INTO harness_care.judgement
  (subject, name, state, at, since, violated_since, value, message, good_since, was_broken)
SELECT subject, name, state, at, since, violated_since, value, message, good_since, was_broken
FROM found
ON CONFLICT (subject, name) DO UPDATE SET state = excluded.state, at = excluded.at,
  since = excluded.since, violated_since = excluded.violated_since, value = excluded.value,
  message = excluded.message, good_since = excluded.good_since,
  was_broken = excluded.was_broken
WHERE judgement.at < excluded.at
"""
READ_SAMPLES = """
SELECT subject, name, at, value, state FROM harness_care.sample
WHERE (%(subject)s::text IS NULL OR subject = %(subject)s)
  AND (%(name)s::text IS NULL OR name = %(name)s)
  AND at > %(after)s ORDER BY subject, name, at
"""


class StoredSubject(NamedTuple):
    """A subject as it was added."""

    subject: Subject
    folder: str
    digest: str
    added_by: str
    added: float
    definition: dict[str, Any]
    """The subject as it is in the row: what later versions add to a subject is not in it."""
    mark: str | None = None
    """Proves that harness stored it: see harness/care/subjects/marks.py."""


def make_unmarked(subject: Subject, folder: str, digest: str, by: str) -> StoredSubject:
    """A subject as it is added now. Without a mark, it is shown and evaluated, and nothing that it
    names is run."""
    definition = subject.model_dump(mode="json", by_alias=True)
    return StoredSubject(subject, folder, digest, by, time.time(), definition)


class CareStore:
    """The tables of subjects and invariants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_subject(self, stored: StoredSubject) -> None:
        """Add a subject with its invariants, or replace its definition."""
        subject = stored.subject
        values = {
            "name": subject.name, "folder": stored.folder, "digest": stored.digest,
            "by": stored.added_by, "definition": Jsonb(stored.definition), "mark": stored.mark,
            "names": [each.name for each in subject.watched],
            "invariants": [each.model_dump_json() for each in subject.watched],
        }  # fmt: skip
        await self._database.fetch(ADD_SUBJECT, values)

    async def list_subjects(self, name: str | None = None) -> list[StoredSubject]:
        """List all subjects, or the one with this name."""
        rows = await self._database.fetch(SUBJECTS, {"name": name})
        return [_read_subject(row) for row in rows]

    async def remove_subject(self, name: str) -> bool:
        """Remove a subject with its invariants; returns whether there was one."""
        rows = await self._database.fetch(
            "DELETE FROM harness_care.subject WHERE name = %s RETURNING name", (name,)
        )
        return bool(rows)

    async def has_invariants(self) -> bool:
        """Whether there is any invariant."""
        rows = await self._database.fetch("SELECT EXISTS (SELECT FROM harness_care.invariant)")
        return bool(rows[0][0])

    async def add_invariants(
        self, subject: str, invariants: Sequence[Invariant], by: str
    ) -> set[str]:
        """Add invariants or change them, and return their names; those of the subject's definition
        stay as they are."""
        values = {
            "subject": subject, "by": by, "names": [each.name for each in invariants],
            "definitions": [each.model_dump_json() for each in invariants],
        }  # fmt: skip
        return {row[0] for row in await self._database.fetch(ADD_INVARIANTS, values)}

    async def remove_invariant(self, subject: str, name: str) -> bool:
        """Remove an invariant that a person added; returns whether there was one."""
        rows = await self._database.fetch(
            "DELETE FROM harness_care.invariant WHERE subject = %s AND name = %s "
            "AND by IS NOT NULL RETURNING name",
            (subject, name),
        )
        return bool(rows)

    async def list_watched(
        self, subject: str | None = None, names: Sequence[str] | None = None
    ) -> list[Watched]:
        """List invariants with their states."""
        values = {"subject": subject, "names": None if names is None else list(names)}
        return [_read_watched(row) for row in await self._database.fetch(WATCHED, values)]

    async def add_silence(
        self, id: str, subject: str, name: str | None, until: float, reason: str, by: str
    ) -> None:
        """Let invariants open no tickets until then."""
        await self._database.fetch(
            "INSERT INTO harness_care.silence (id, subject, name, until, reason, by) "
            "VALUES (%s, %s, %s, to_timestamp(%s), %s, %s)",
            (id, subject, name, until, reason, by),
        )

    async def list_silences(self) -> list[Row]:
        """The silences that hold now: id, subject, name, until, reason and by."""
        return await self._database.fetch(
            "SELECT id, subject, name, extract(epoch FROM until)::float8, reason, by "
            "FROM harness_care.silence WHERE until > now() ORDER BY until"
        )

    async def end_silence(self, id: str) -> None:
        """End a silence now."""
        await self._database.fetch("DELETE FROM harness_care.silence WHERE id = %s", (id,))

    async def save_judgements(
        self, found: Iterable[tuple[Watched, Judgement]], number: int
    ) -> None:
        """Save the states that one evaluation found. `number` counts evaluations."""
        pairs = list(found)
        values: dict[str, Any] = {
            "subjects": [watched.subject for watched, _ in pairs],
            "names": [watched.invariant.name for watched, _ in pairs],
            "states": [judged.state for _, judged in pairs],
            "ats": [judged.at for _, judged in pairs],
            "sinces": [judged.since for _, judged in pairs],
            "violated": [judged.violated_since for _, judged in pairs],
            "values": [judged.value for _, judged in pairs],
            "messages": [judged.message for _, judged in pairs],
            "good": [judged.good_since for _, judged in pairs],
            "was": [judged.was_broken for _, judged in pairs],
            "slot": number % SAMPLES,
        }
        await self._database.fetch(SAVE, values)

    async def read_samples(
        self, subject: str | None, name: str | None = None, *, after: float = 0.0
    ) -> dict[tuple[str, str], list[Sample]]:
        """Read the newest values of invariants, the oldest first."""
        values = {"subject": subject, "name": name, "after": after}
        found = dict[tuple[str, str], list[Sample]]()
        for owner, invariant, *rest in await self._database.fetch(READ_SAMPLES, values):
            found.setdefault((owner, invariant), []).append(Sample(*rest))
        return found


def _read_subject(row: Row) -> StoredSubject:
    _, folder, definition, digest, by, added, mark = row
    subject = Subject.model_validate(definition)
    return StoredSubject(subject, folder, digest, by, added, definition, mark)


def _read_watched(row: Row) -> Watched:
    subject, definition, by, state, *rest, silenced = row
    judgement = None if state is None else Judgement(state, *rest)
    return Watched(subject, Invariant.model_validate(definition), by, judgement, silenced)
