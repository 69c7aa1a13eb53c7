"""What the tables of access hold. Times are seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.api.caller import Role

Kind = Literal["token", "browser"]


@dataclass(frozen=True, kw_only=True)
class User:
    name: str
    role: Role
    created: float
    disabled: float | None = None
    genuine: bool = True
    """False: the row was not written by this project, and the user cannot do anything."""


@dataclass(frozen=True, kw_only=True)
class Credential:
    """An API token or a browser session, without its secret."""

    id: str
    kind: Kind
    user: str
    role: Role
    """The most it may do. The user's current role limits it further."""
    name: str
    created: float
    expires: int | None = None
    last_used: float | None = None
    """Written at most once a minute."""
    revoked: float | None = None
    genuine: bool = True
    """False: the row was not written by this project, and the credential is refused."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a credential is worth at the moment."""

    kind: Kind
    user: str
    role: Role
    """Limited to the user's current role."""
    secret_hash: bytes
    seconds_left: float | None
    """Until it expires; None: it does not. 0 or less: expired, revoked, or the user is disabled."""
    use_noted: bool
    """Whether its use was noted within the last minute."""

    @property
    def over(self) -> bool:
        return self.seconds_left is not None and self.seconds_left <= 0


@dataclass(frozen=True, kw_only=True)
class SignInCode:
    """A code that can be exchanged once for a browser session."""

    id: str
    user: str
    role: Role
    secret_hash: bytes
