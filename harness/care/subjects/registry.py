"""Add subjects, and check them. Only what was added counts: a later edit of subject.toml, by an
agent or in a commit, changes nothing until a person adds the subject again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.care.acts import digest_subject, record_act
from harness.care.settings import CareSettings
from harness.care.store import CareStore, StoredSubject
from harness.care.subjects.commands import GIT, run_command
from harness.care.subjects.health import check_health
from harness.care.subjects.marks import check_mark, mark_subject
from harness.care.subjects.queries import ask_queries
from harness.care.subjects.subject import (
    FILE,
    MAX_BYTES,
    Subject,
    digest_definition,
    parse_subject,
)
from harness.care.telemetry.loki import Loki
from harness.care.telemetry.prometheus import Prometheus
from harness.care.watching import keep_watch
from harness.contracts.errors import HarnessError, SubjectInvalid, SubjectNotFound
from harness.engine.connection import Connection

RECENT_S = 3_600.0
SHOWN = 5
"""Refused queries that an error names."""


class Check(NamedTuple):
    """One thing that was looked at. `good` is None if there is nothing to look at."""

    what: str
    good: bool | None
    message: str


class Added(NamedTuple):
    """A subject that was added, and what could not be checked."""

    subject: Subject
    warnings: Sequence[str] = ()


async def add_subject(connection: Connection, folder: Path, by: str) -> Added:
    """Read the definition in a folder and store it, with the folder's place. Its queries are asked
    once; a source that does not answer is a warning. The file itself stands for its folder.

    Raises:
        SubjectInvalid: The folder has no definition, or not a valid one, or one of its queries is
            refused.
    """
    folder = await asyncio.to_thread(_find_folder, folder)
    content = await asyncio.to_thread(_read_definition, folder)
    subject = parse_subject(content, str(folder / FILE))
    asked = await ask_queries(connection.settings.section(CareSettings), subject)
    if asked.refused:
        shown = "; ".join(each.rstrip(".") for each in asked.refused[:SHOWN])
        more = len(asked.refused) - SHOWN
        raise SubjectInvalid(
            f"{folder / FILE}: {shown}{f'; and {more} more' if more > 0 else ''}.",
            fix="Correct the queries. `harness care query` shows what each answers.",
        )
    digest = digest_definition(content)
    stored = await mark_subject(connection, subject, str(folder), digest, by)
    await record_act(
        connection, "subject_added", subject.name, by, why=str(folder),
        digest=digest_subject(stored),
    )  # fmt: skip
    store = CareStore(connection.database)
    # What a person has added under the name of one of its invariants gives way to the definition.
    for each in await store.list_watched(subject.name, [each.name for each in subject.watched]):
        if each.by is not None:
            await record_act(
                connection, "invariant_removed", subject.name, by, name=each.invariant.name,
                why=f"{FILE} defines it now",
            )  # fmt: skip
    await store.add_subject(stored)
    await keep_watch(connection)
    return Added(subject, asked.unknown)


async def find_subject(connection: Connection, name: str) -> StoredSubject:
    """Find a subject.

    Raises:
        SubjectNotFound: There is none with this name.
        SubjectForged: Its row was changed, or was not stored by harness.
    """
    stored = await _find_row(connection, name)
    await check_mark(connection, stored)
    return stored


async def _find_row(connection: Connection, name: str) -> StoredSubject:
    found = await CareStore(connection.database).list_subjects(name) if name.isprintable() else []
    if not found:
        raise SubjectNotFound(f"There is no subject {name[:80]!r}.")
    return found[0]


async def remove_subject(connection: Connection, name: str, by: str) -> None:
    """Remove a subject with its invariants, also one that was forged; its folder is not touched.

    Raises:
        SubjectNotFound: There is none with this name.
    """
    stored = await _find_row(connection, name)
    await record_act(connection, "subject_removed", stored.subject.name, by)
    await CareStore(connection.database).remove_subject(stored.subject.name)
    await keep_watch(connection)


async def check_subject(connection: Connection, name: str) -> AsyncIterator[Check]:
    """Look at everything that a subject names, and say what is wrong.

    Raises:
        SubjectNotFound: There is none with this name.
    """
    stored = await find_subject(connection, name)
    subject, folder = stored.subject, Path(stored.folder)
    yield await asyncio.to_thread(_check_definition, stored)
    yield await _check_git(folder)
    if subject.health is None:
        yield Check("health", None, "no address and no command")
    else:
        reason = await check_health(subject.health, folder)
        yield Check("health", reason is None, reason or "healthy")
    yield await _check_queries(connection, subject)
    yield await _check_metrics(connection, subject)
    yield await _check_logs(connection, subject)
    if subject.test is None:
        yield Check("test", None, "no command")
    else:
        ran = await run_command(subject.test, folder, subject.command_seconds)
        last = (ran.output.splitlines() or [""])[-1]
        yield Check("test", ran.is_good, last or ("passed" if ran.is_good else "failed"))


def _find_folder(given: Path) -> Path:
    if not given.is_file():
        return given.resolve()
    if given.name != FILE:
        raise SubjectInvalid(f"{given} is a file.", fix=f"Pass the folder with the {FILE}.")
    return given.parent.resolve()


def _read_definition(folder: Path) -> bytes:
    try:
        with (folder / FILE).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SubjectInvalid(
            f"{folder / FILE} cannot be read: {error.strerror}.",
            fix="Write one: docs/how-to/care.md describes it.",
        ) from None


def _check_definition(stored: StoredSubject) -> Check:
    try:
        content = _read_definition(Path(stored.folder))
    except SubjectInvalid as error:
        return Check("definition", False, error.message)
    if digest_definition(content) == stored.digest:
        return Check("definition", True, f"{stored.folder}/{FILE}")
    message = f"{FILE} has changed since it was added; `harness care subject add` accepts it"
    return Check("definition", False, message)


async def _check_git(folder: Path) -> Check:
    ran = await run_command((*GIT, "status", "--porcelain", "--", "."), folder, 30)
    if not ran.is_good:
        return Check("git", False, (ran.output.splitlines() or ["git failed"])[-1])
    changed = len(ran.output.split("\n")) if ran.output else 0
    if changed:
        files = f"{changed} uncommitted file{'' if changed == 1 else 's'}"
        return Check("git", False, f"{files}: agents cannot deploy until they are committed")
    return Check("git", True, "clean")


async def _check_queries(connection: Connection, subject: Subject) -> Check:
    asked = await ask_queries(connection.settings.section(CareSettings), subject)
    if not asked.total:
        return Check("queries", None, "no queries")
    wrong = [*asked.refused, *asked.unknown]
    # A source that does not answer shows in the checks of metrics and logs.
    good = False if asked.refused else None if asked.unknown else True
    return Check("queries", good, "; ".join(wrong) or f"{asked.total} are answered")


async def _check_metrics(connection: Connection, subject: Subject) -> Check:
    if subject.metrics is None:
        return Check("metrics", None, "no selector")
    try:
        async with Prometheus(connection.settings.section(CareSettings).metrics) as source:
            found = await source.query(f"count({subject.metrics})")
    except HarnessError as error:
        return Check("metrics", False, error.message)
    count = sum(point.value for series in found for point in series.points)
    return Check("metrics", count > 0, f"{count:g} series")


async def _check_logs(connection: Connection, subject: Subject) -> Check:
    if subject.logs is None:
        return Check("logs", None, "no selector")
    now = time.time()
    try:
        async with Loki(connection.settings.section(CareSettings).logs) as source:
            found = (await source.read(subject.logs, now - RECENT_S, now, limit=100)).lines
    except HarnessError as error:
        return Check("logs", False, error.message)
    if found is None:
        return Check("logs", False, "the selector returns numbers, not lines")
    return Check("logs", bool(found), f"{len(found)} lines in the last hour (at most 100 are read)")
