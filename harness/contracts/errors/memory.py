"""A memory cannot be found, is not accepted, or was changed outside harness."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class MemoryFault(HarnessError):
    """A memory cannot be found, is not accepted, or was changed outside harness."""

    http_status = 400


class MemoryNotFound(MemoryFault):
    """The owner has no memory with that id, or it was forgotten or replaced."""

    code = "memory.not_found"
    fix = "List the memories: `harness memory list`."
    http_status = 404


class MemoryRefused(MemoryFault):
    """A memory cannot be added: its text is empty or too long, or the owner has too many. Or it
    cannot be withdrawn, because it is more trusted than the conversation."""

    code = "memory.refused"
    fix = "Shorten the text, or forget memories: `harness memory forget ID`."


class MemoryTampered(MemoryFault):
    """The stored memories of an owner were changed, removed, replaced or restored from an older
    copy outside harness. They are not read until a person has looked at them."""

    code = "memory.tampered"
    fix = (
        "See what is wrong: `harness memory verify`. After restoring a backup on purpose, or to "
        "drop what was changed: `harness memory verify --repair`."
    )
    http_status = 409
