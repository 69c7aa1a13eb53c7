"""Who calls: a user, and what the caller may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a caller may do. Each role includes those before it."""

    VIEWER = "viewer"
    """Read."""
    OPERATOR = "operator"
    """Start runs, and steer them."""
    ADMIN = "admin"
    """Manage users, and see what all of them own."""

    def covers(self, other: Role) -> bool:
        """Whether this role includes another one.

        Args:
            other: The role that is needed.

        Returns:
            Whether it does.
        """
        return _ORDER.index(self) >= _ORDER.index(other)

    def limit_to(self, other: Role) -> Role:
        """The lower of the two roles.

        Args:
            other: The other role.

        Returns:
            The one that may do less.
        """
        return other if self.covers(other) else self


_ORDER = (Role.VIEWER, Role.OPERATOR, Role.ADMIN)

LOCAL_USER = "local"
"""The person at the machine: always an enabled admin."""


@dataclass(frozen=True)
class Caller:
    """An authenticated caller."""

    user: str
    role: Role
    """The role of the token or browser session, limited to the user's own."""
    token: str
    """The id of the API token or browser session; empty for a command on this machine."""
    browser: bool = False
    """Whether a person signed in, rather than a program with an API token."""


LOCAL = Caller(LOCAL_USER, Role.ADMIN, "")
"""Whoever runs commands on this machine."""
