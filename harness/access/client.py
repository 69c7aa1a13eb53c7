"""Users and their API tokens: what commands and routes call.

`by` is who asks; a command on this machine asks as the user `local`. Users manage their own tokens,
admins everything.
"""

from __future__ import annotations

import time

from harness.access.checks import (
    check_lifetime,
    check_not_local,
    check_title,
    check_user_name,
    is_user_name,
    require_role,
    require_self_or_admin,
)
from harness.access.rows import Credential, Kind, User
from harness.access.secret import TOKEN, is_id, make_secret
from harness.access.store import Credentials, Users
from harness.api.caller import LOCAL, LOCAL_USER, Caller, Role
from harness.contracts.errors import NotAllowed, TokenNotFound, UserExists, UserNotFound
from harness.engine.connection import Connection


async def create_user(
    connection: Connection, name: str, role: Role = Role.OPERATOR, *, by: Caller = LOCAL
) -> User:
    """Add a user; raises `UserExists` if the name is taken."""
    require_role(by, Role.ADMIN, "add a user")
    check_user_name(name)
    user = await _users(connection).add_user(name, role)
    if user is None:
        raise UserExists(f"The user {name!r} exists already.")
    return user


async def list_users(connection: Connection, *, by: Caller = LOCAL) -> list[User]:
    require_role(by, Role.ADMIN, "list users")
    return await _users(connection).list_users()


async def find_user(connection: Connection, name: str) -> User:
    """Find a user; raises `UserNotFound`."""
    user = await _users(connection).find_user(name) if is_user_name(name) else None
    if user is None:
        raise _no_user(name)
    return user


async def set_role(connection: Connection, name: str, role: Role, *, by: Caller = LOCAL) -> None:
    """Change the role of a user. It takes effect at once, also for tokens and open streams."""
    require_role(by, Role.ADMIN, "change a role")
    check_not_local(name)
    if not (is_user_name(name) and await _users(connection).set_role(name, role)):
        raise _no_user(name)


async def disable_user(connection: Connection, name: str, *, by: Caller = LOCAL) -> None:
    """Refuse all tokens and browser sessions of a user, at once."""
    require_role(by, Role.ADMIN, "disable a user")
    check_not_local(name)
    if not (is_user_name(name) and await _users(connection).disable_user(name)):
        raise _no_user(name)


async def enable_user(connection: Connection, name: str, *, by: Caller = LOCAL) -> None:
    """Accept a disabled user's tokens again. Browser sessions from before have ended."""
    require_role(by, Role.ADMIN, "enable a user")
    check_not_local(name)
    if not (is_user_name(name) and await _users(connection).enable_user(name)):
        raise _no_user(name)


async def create_token(
    connection: Connection,
    *,
    user: str = LOCAL_USER,
    role: Role | None = None,
    name: str = "",
    expires_in: float | None = None,
    by: Caller = LOCAL,
) -> tuple[Credential, str]:
    """Create an API token.

    Args:
        user: Whose token it is.
        role: The most it may do; by default the user's current role, or the caller's own where
            that is lower.
        name: What it is for.
        expires_in: Seconds until it expires; by default it does not.
        by: Who asks.

    Returns:
        The token without its secret, and the secret, which is not stored.

    Raises:
        UserNotFound: There is no such user.
        NotAllowed: The role exceeds the user's or the caller's own, or the caller asks for another
            user's token without being an admin.
        InvalidValue: The name or the expiry is invalid.
    """
    require_self_or_admin(by, user, f"create a token of {user!r}")
    check_title(name)
    check_lifetime(expires_in)
    owner = await find_user(connection, user)
    role = owner.role.limit_to(by.role) if role is None else role
    require_role(by, role, f"create a token with the role {role}")
    if not owner.role.covers(role):
        raise NotAllowed(
            f"{user!r} is {owner.role}; for a token with the role {role}, {role} is needed.",
            fix=f"Create a token with the role {owner.role}, or raise the user's role.",
        )
    secret, now = make_secret(TOKEN), time.time()
    token = Credential(
        id=secret.id,
        kind="token",
        user=user,
        role=role,
        name=name,
        created=now,
        expires=None if expires_in is None else int(now + expires_in),
    )
    await _credentials(connection).add_token(token, secret.hash)
    return token, secret.text


async def list_tokens(
    connection: Connection, user: str | None = None, *, by: Caller = LOCAL
) -> list[Credential]:
    """List the API tokens of a user, or of all users; the oldest first."""
    return await _list_credentials(connection, "token", user, by)


async def list_browser_sessions(
    connection: Connection, user: str | None = None, *, by: Caller = LOCAL
) -> list[Credential]:
    """List the browser sessions of a user, or of all users; the oldest first."""
    return await _list_credentials(connection, "browser", user, by)


async def revoke_token(connection: Connection, id: str, *, by: Caller = LOCAL) -> Credential:
    """Revoke an API token or a browser session, at once. Again changes nothing.

    Another user's id is `TokenNotFound`, as an unknown one is.
    """
    found = await _credentials(connection).find_credential(id) if is_id(id) else None
    if found is None or not (by.user == found.user or by.role.covers(Role.ADMIN)):
        raise TokenNotFound(f"There is no token {id[:40]!r}.")
    await _credentials(connection).revoke(id)
    return found


async def _list_credentials(
    connection: Connection, kind: Kind, user: str | None, by: Caller
) -> list[Credential]:
    if user is None:
        require_role(by, Role.ADMIN, "list the tokens of all users")
    else:
        require_self_or_admin(by, user, f"list the tokens of {user!r}")
        await find_user(connection, user)
    return await _credentials(connection).list_credentials(kind, user)


def _users(connection: Connection) -> Users:
    return Users(connection.database, connection.vault)


def _credentials(connection: Connection) -> Credentials:
    return Credentials(connection.database, connection.vault)


def _no_user(name: str) -> UserNotFound:
    return UserNotFound(f"There is no user {name[:40]!r}.")
