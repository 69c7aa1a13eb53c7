"""The SQL of users, credentials and sign-in codes.

Each row carries a MAC over what gives it power: write access to the database is not enough to
become an admin. Whoever ends a credential or lowers a role notifies `CHANNEL` in the same
statement, with the id or the user's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, LiteralString

from harness.access.rows import Credential, Kind, SignInCode, Standing, User
from harness.access.secret import NewSecret
from harness.api.caller import LOCAL_USER, Role
from harness.commons.log import get_logger
from harness.contracts.errors import StoreError
from harness.crypto.place import place_of
from harness.crypto.vault import Vault
from harness.store.database import Database, Row

CHANNEL = "harness_revoked"
IDLE_SECONDS = 7 * 86_400
"""A browser session ends when it was not used for this long."""
NOTED_SECONDS = 60.0
"""The last use of a credential is written at most once in this time."""

USER_COLUMNS: LiteralString = (
    "name, role, extract(epoch FROM created)::float8, extract(epoch FROM disabled)::float8, mac"
)
CREDENTIAL_COLUMNS: LiteralString = (
    "c.id, c.kind, c.user_name, c.role, c.name, c.secret_hash, "
    "extract(epoch FROM c.expires)::bigint, c.mac, extract(epoch FROM c.created)::float8, "
    "extract(epoch FROM c.last_used)::float8, extract(epoch FROM c.revoked)::float8"
)
FIND_STANDING: LiteralString = f"""
SELECT {CREDENTIAL_COLUMNS}, u.role, u.mac,
  CASE WHEN c.revoked IS NOT NULL OR u.disabled IS NOT NULL THEN 0
  ELSE extract(epoch FROM least(
    c.expires, CASE c.kind WHEN 'browser' THEN c.last_used + make_interval(secs => %s) END
  ) - now())::float8 END,
  coalesce(c.last_used > now() - make_interval(secs => %s), false)
FROM harness_access.credential c JOIN harness_access.user u ON u.name = c.user_name
WHERE c.id = %s
"""
ENABLE_USER = """
WITH former AS (
  SELECT name FROM harness_access.user WHERE name = %s AND disabled IS NOT NULL
), ended AS (
  UPDATE harness_access.credential c SET revoked = now() FROM former
  WHERE c.user_name = former.name AND c.kind = 'browser' AND c.revoked IS NULL
), unused AS (
  DELETE FROM harness_access.sign_in_code c USING former WHERE c.user_name = former.name
)
UPDATE harness_access.user SET disabled = NULL WHERE name = %s RETURNING name
"""
ADD_CODE = """
WITH expired AS (
  DELETE FROM harness_access.sign_in_code WHERE expires < now()
), ended AS (
  DELETE FROM harness_access.credential WHERE kind = 'browser' AND expires < now()
)
INSERT INTO harness_access.sign_in_code (id, user_name, role, secret_hash, expires, mac)
VALUES (%s, %s, %s, %s, now() + make_interval(secs => %s), %s) ON CONFLICT (id) DO NOTHING
"""
# Of two exchanges at once, the second waits for the first, and finds the code deleted.
USE_CODE = """
WITH used AS (
  DELETE FROM harness_access.sign_in_code c USING harness_access.user u
  WHERE c.id = %(code)s AND c.secret_hash = %(code_hash)s AND c.expires > now()
    AND u.name = c.user_name AND u.disabled IS NULL
  RETURNING c.user_name
)
INSERT INTO harness_access.credential
  (id, kind, user_name, role, name, secret_hash, created, expires, last_used, mac)
SELECT %(id)s, 'browser', %(user)s, %(role)s, '', %(hash)s, now(), to_timestamp(%(expires)s),
  now(), %(mac)s
FROM used RETURNING extract(epoch FROM created)::float8
"""

log = get_logger(__name__)


class Users:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault

    async def add_user(self, name: str, role: Role) -> User | None:
        """Add a user; None if the name is taken."""
        rows = await self._database.fetch(
            "INSERT INTO harness_access.user (name, role, mac) VALUES (%s, %s, %s) "
            f"ON CONFLICT DO NOTHING RETURNING {USER_COLUMNS}",
            (name, role.value, self._vault.sign(_place_of_user(name, role))),
        )
        return _to_user(self._vault, rows[0]) if rows else None

    async def find_user(self, name: str) -> User | None:
        rows = await self._database.fetch(
            f"SELECT {USER_COLUMNS} FROM harness_access.user WHERE name = %s",
            (name,),
        )
        return _to_user(self._vault, rows[0]) if rows else None

    async def list_users(self) -> list[User]:
        query: LiteralString = f"SELECT {USER_COLUMNS} FROM harness_access.user ORDER BY name"
        return [_to_user(self._vault, row) for row in await self._database.fetch(query)]

    async def set_role(self, name: str, role: Role) -> bool:
        """Change a role; False if there is no such user."""
        rows = await self._database.fetch(
            "WITH changed AS (UPDATE harness_access.user SET role = %s, mac = %s WHERE name = %s "
            "RETURNING name) SELECT pg_notify(%s, name) FROM changed",
            (role.value, self._vault.sign(_place_of_user(name, role)), name, CHANNEL),
        )
        return bool(rows)

    async def disable_user(self, name: str) -> bool:
        """Refuse everything of a user; False if there is no such user."""
        rows = await self._database.fetch(
            "WITH changed AS (UPDATE harness_access.user SET disabled = coalesce(disabled, now()) "
            "WHERE name = %s RETURNING name) SELECT pg_notify(%s, name) FROM changed",
            (name, CHANNEL),
        )
        return bool(rows)

    async def enable_user(self, name: str) -> bool:
        """Enable a disabled user, and end the browser sessions and codes from before; False if
        there is no such user."""
        return bool(await self._database.fetch(ENABLE_USER, (name, name)))


class Credentials:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault

    async def add_token(self, token: Credential, secret_hash: bytes) -> None:
        await self._database.fetch(
            "INSERT INTO harness_access.credential "
            "(id, kind, user_name, role, name, secret_hash, created, expires, mac) VALUES "
            "(%s, %s, %s, %s, %s, %s, to_timestamp(%s), to_timestamp(%s), %s) "
            "ON CONFLICT (id) DO NOTHING",
            (
                token.id, token.kind, token.user, token.role.value, token.name, secret_hash,
                token.created, token.expires, self._vault.sign(_place_of(token, secret_hash)),
            ),
        )  # fmt: skip

    async def list_credentials(self, kind: Kind, user: str | None) -> list[Credential]:
        rows = await self._database.fetch(
            f"SELECT {CREDENTIAL_COLUMNS} FROM harness_access.credential c "
            "WHERE c.kind = %s AND (%s::text IS NULL OR c.user_name = %s) ORDER BY c.created, c.id",
            (kind, user, user),
        )
        return [_to_credential(self._vault, row) for row in rows]

    async def find_credential(self, id: str) -> Credential | None:
        rows = await self._database.fetch(
            f"SELECT {CREDENTIAL_COLUMNS} FROM harness_access.credential c WHERE c.id = %s",
            (id,),
        )
        return _to_credential(self._vault, rows[0]) if rows else None

    async def revoke(self, id: str) -> None:
        """Revoke a credential. Again changes nothing."""
        await self._database.fetch(
            "WITH changed AS (UPDATE harness_access.credential "
            "SET revoked = coalesce(revoked, now()) WHERE id = %s RETURNING id) "
            "SELECT pg_notify(%s, id) FROM changed",
            (id, CHANNEL),
        )

    async def find_standing(self, id: str) -> Standing | None:
        """Find what a credential is worth now, in one SELECT; None if there is none, or its row or
        that of its user is not genuine."""
        rows = await self._database.fetch(FIND_STANDING, (IDLE_SECONDS, NOTED_SECONDS, id))
        if not rows:
            return None
        *columns, role, mac, seconds_left, use_noted = rows[0]
        found = _to_credential(self._vault, columns)
        user_role = _read_role(self._vault, found.user, role, mac)
        if not found.genuine or user_role is None:
            log.warning("a credential was refused: its row is not genuine", credential=id)
            return None
        return Standing(
            kind=found.kind,
            user=found.user,
            role=found.role.limit_to(user_role),
            secret_hash=columns[5],
            seconds_left=seconds_left,
            use_noted=use_noted,
        )

    async def note_use(self, id: str) -> None:
        await self._database.fetch(
            "UPDATE harness_access.credential SET last_used = now() WHERE id = %s "
            "AND (last_used IS NULL OR last_used < now() - make_interval(secs => %s))",
            (id, NOTED_SECONDS),
        )


class SignInCodes:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault

    async def add_code(self, secret: NewSecret, user: str, role: Role, seconds: float) -> None:
        """Store a code, and delete what has expired."""
        mac = self._vault.sign(_place_of_code(secret.id, user, role, secret.hash))
        values = (secret.id, user, role.value, secret.hash, seconds, mac)
        await self._database.fetch(ADD_CODE, values)

    async def find_code(self, id: str) -> SignInCode | None:
        """Find a code, whether or not it has expired; None if its row is not genuine."""
        rows = await self._database.fetch(
            "SELECT user_name, role, secret_hash, mac FROM harness_access.sign_in_code "
            "WHERE id = %s",
            (id,),
        )
        if not rows:
            return None
        user, role, secret_hash, mac = rows[0]
        if not _is_genuine(self._vault, mac, _place_of_code(id, user, Role(role), secret_hash)):
            log.warning("a sign-in code was refused: its row is not genuine", code=id)
            return None
        return SignInCode(id=id, user=user, role=Role(role), secret_hash=secret_hash)

    async def use_code(
        self, code: SignInCode, session: Credential, secret_hash: bytes
    ) -> float | None:
        """Delete a code and add the browser session that it gives, both or neither. Returns when
        the session was created; None if the code was used or has expired, or the user is
        disabled."""
        values = {
            "code": code.id, "code_hash": code.secret_hash, "id": session.id,
            "user": session.user, "role": session.role.value, "hash": secret_hash,
            "expires": session.expires, "mac": self._vault.sign(_place_of(session, secret_hash)),
        }  # fmt: skip
        async with self._database.connection() as connection:
            row = await (await connection.execute(USE_CODE, values)).fetchone()
        return row[0] if row else None


def _place_of_user(name: str, role: Role) -> bytes:
    return place_of("access.user", name, role)


def _place_of(of: Credential, secret_hash: bytes) -> bytes:
    parts = (of.id, of.kind, of.user, of.role, of.expires, secret_hash.hex())
    return place_of("access.credential", *parts)


def _place_of_code(id: str, user: str, role: Role, secret_hash: bytes) -> bytes:
    return place_of("access.sign_in_code", id, user, role, secret_hash.hex())


def _is_genuine(vault: Vault, mac: str | None, place: bytes) -> bool:
    try:
        vault.check_signed(mac, place)
    except StoreError:
        return False
    return True


def _read_role(vault: Vault, name: str, role: str, mac: str | None) -> Role | None:
    """The role of a user; None if the row is not genuine."""
    if name == LOCAL_USER:
        return Role.ADMIN
    return Role(role) if _is_genuine(vault, mac, _place_of_user(name, Role(role))) else None


def _to_user(vault: Vault, row: Row) -> User:
    name, role, created, disabled, mac = row
    genuine = _read_role(vault, name, role, mac) is not None
    return User(name=name, role=Role(role), created=created, disabled=disabled, genuine=genuine)


def _to_credential(vault: Vault, row: Sequence[Any]) -> Credential:
    id, kind, user, role, name, secret_hash, expires, mac, created, last_used, revoked = row
    found = Credential(
        id=id, kind=kind, user=user, role=Role(role), name=name, created=created,
        expires=expires, last_used=last_used, revoked=revoked,
    )  # fmt: skip
    genuine = _is_genuine(vault, mac, _place_of(found, secret_hash))
    return found if genuine else replace(found, genuine=False)
