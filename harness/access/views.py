"""What the API takes and returns for users, API tokens and browser sessions."""

from __future__ import annotations

from pydantic import BaseModel, Field, StrictBool

from harness.access.checks import DAY_SECONDS, MOST_DAYS, MOST_TITLE_CHARS, NAME
from harness.access.rows import Credential, User
from harness.api.body import Body
from harness.api.caller import Role


class UserList(BaseModel):
    """All users."""

    users: list[User]


class NewUser(Body):
    """A user to add."""

    name: str = Field(json_schema_extra={"pattern": f"^{NAME}$"})
    """The name, of lower-case letters, digits and . _ @ + -."""
    role: Role = Role.OPERATOR
    """What the user may do."""


class UserChange(Body):
    """What to change of a user; absent fields stay as they are."""

    role: Role | None = None
    """What the user may do from now on."""
    disabled: StrictBool | None = None
    """True refuses all tokens and browser sessions of the user at once."""


class TokenList(BaseModel):
    """API tokens, without their secrets."""

    tokens: list[Credential]


class BrowserSessionList(BaseModel):
    """Browser sessions, without their secrets."""

    sessions: list[Credential]
    current: str | None = None
    """The id of the session that sent the request, if one did."""


class NewToken(Body):
    """A token to create."""

    user: str | None = None
    """Whose token; by default the caller's own."""
    role: Role | None = None
    """Limits what the token may do; by default, the role of its user."""
    name: str = Field(default="", json_schema_extra={"maxLength": MOST_TITLE_CHARS})
    """What it is for."""
    expires_in: float | None = Field(default=None, ge=1, le=MOST_DAYS * DAY_SECONDS)
    """Seconds until it expires."""


class CreatedToken(BaseModel):
    """A new token. Its secret is shown once."""

    token: Credential
    secret: str


class SignInCode(BaseModel):
    """A code that signs a browser in once, within ten minutes: `/sign-in?code=CODE`."""

    code: str
