"""Families: runs that read each other's words, so that they are encrypted with one key and are
forgotten together. A run that joins none is called as its family is."""

from __future__ import annotations

import re

from harness.contracts.effect import SUFFIX
from harness.contracts.queues import ARCHIVE

SHARED = "harness"
"""The family of what belongs to no run: the words of agents, the work of the archive."""
SESSION = "session/"
ATTACHED = "attached/"
RESERVED = re.compile(
    "|".join((f"^{SHARED}$", *(f"^{re.escape(each)}" for each in (ARCHIVE, SESSION, ATTACHED)),
              f"{re.escape(SUFFIX)}$"))
)  # fmt: skip


def session_family(session: str) -> str:
    """All runs of a session read what was said before."""
    return SESSION + session


def is_session(family: str) -> bool:
    """Whether its name is of a session, and of no run."""
    return family.startswith(SESSION)


def attached_owner(token: str) -> str:
    """Whose a file is until a run takes it up."""
    return ATTACHED + token


def is_attached(owner: str) -> bool:
    return owner.startswith(ATTACHED)


def is_reserved(id: str) -> bool:
    """Whose words are kept under such a name: everybody's, a session's, a file's, an undo's. A run
    that had one of them would take them along when it is forgotten."""
    return bool(RESERVED.search(id))
