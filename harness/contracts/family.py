"""Families: runs that read each other's content, so they share one encryption key and are
forgotten together. A run that joins no family is a family of its own, under its own id."""

from __future__ import annotations

import re

from harness.contracts.effect import SUFFIX
from harness.contracts.queues import ARCHIVE

SHARED = "harness"
"""The family of content that belongs to no run: agent specs, the archive's work."""
SESSION = "session/"
ATTACHED = "attached/"
RESERVED = re.compile(
    "|".join((f"^{SHARED}$", *(f"^{re.escape(each)}" for each in (ARCHIVE, SESSION, ATTACHED)),
              f"{re.escape(SUFFIX)}$"))
)  # fmt: skip


def session_family(session: str) -> str:
    """The family of a session: each of its runs reads the earlier ones."""
    return SESSION + session


def is_session(family: str) -> bool:
    """Whether the family is a session's, not a single run's."""
    return family.startswith(SESSION)


def conversation_of(family: str) -> str:
    """The id of the session, or conversation, of a family."""
    return family.removeprefix(SESSION)


def attached_owner(token: str) -> str:
    """The owner of an attached file until a run uses it."""
    return ATTACHED + token


def is_attached(owner: str) -> bool:
    return owner.startswith(ATTACHED)


def is_reserved(id: str) -> bool:
    """Whether an id is reserved for shared content, sessions, attached files, undos or the archive.
    A run with such an id would delete that content when it is forgotten."""
    return bool(RESERVED.search(id))
