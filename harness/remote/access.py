"""Users and API tokens of a daemon."""

from __future__ import annotations

from typing import Any

from harness.access.rows import Credential, User
from harness.access.views import CreatedToken, TokenList, UserList
from harness.api.caller import Role
from harness.contracts.errors import DaemonAnswerInvalid
from harness.remote.connection import DaemonConnection


class RemoteAccess:
    """What commands do with users and tokens through a daemon. By default, the caller's own."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def list_users(self) -> list[User]:
        found: UserList = await self._connection.get(UserList, "users")
        return found.users

    async def create_user(self, name: str, role: Role) -> User:
        return await self._connection.post(User, "users", body={"name": name, "role": role})

    async def change_user(
        self, name: str, *, role: Role | None = None, disabled: bool | None = None
    ) -> User:
        body: dict[str, Any] = {"role": role, "disabled": disabled}
        changed = {key: value for key, value in body.items() if value is not None}
        return await self._connection.send("PATCH", User, "users", name, body=changed)

    async def create_token(
        self, *, user: str | None, role: Role | None, name: str, expires_in: float | None
    ) -> tuple[Credential, str]:
        body = {"user": user, "role": role, "name": name, "expires_in": expires_in}
        made: CreatedToken = await self._connection.post(CreatedToken, "tokens", body=body)
        if not made.secret.isascii() or not made.secret.isprintable():
            raise DaemonAnswerInvalid(
                f"{self._connection.url} sent a response without the API token."
            )
        return made.token, made.secret

    async def list_tokens(self, user: str | None) -> list[Credential]:
        every = True if user is None else None
        found: TokenList = await self._connection.get(TokenList, "tokens", user=user, all=every)
        return found.tokens

    async def revoke_token(self, id: str) -> Credential:
        return await self._connection.send("DELETE", Credential, "tokens", id)
