"""The SQL of policies. Rows carry MACs, so nobody makes or changes one with write access to the
database alone. Removed rows are not missed, and copies of genuine ones are genuine."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from harness.contracts.errors import PolicyUnavailable
from harness.crypto.signing import Signer, Signing
from harness.policies.policy import PINNED, Policy
from harness.policies.rows import Pin, Remembered
from harness.store.database import Database

NONE = "none"
"""Stands for a policy: no rule holds."""
NEAREST = """
SELECT origin, number, digest, by, extract(epoch FROM at)::float8, mac FROM harness_policies.pin
WHERE origin = ANY(%s) ORDER BY array_position(%s, origin), number DESC LIMIT 1
"""
NEWEST = """
SELECT number, digest, by, extract(epoch FROM at)::float8, mac FROM harness_policies.pin
WHERE origin = %s ORDER BY number DESC LIMIT %s
"""
ADD_PIN = """
INSERT INTO harness_policies.pin (origin, number, digest, by, mac) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING number
"""
ADD_REMEMBERED = """
INSERT INTO harness_policies.remembered
  (id, scope, session, owner, tool, names, digest, rule, policy, by, run, call, mac)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
FIND = """
SELECT id, scope, session, owner, tool, names, digest, rule, policy, by, run, call,
  extract(epoch FROM at)::float8, mac
FROM harness_policies.remembered WHERE scope = %s AND tool = %s ORDER BY at DESC LIMIT 1000
"""
LIST = """
SELECT id, scope, session, owner, tool, names, digest, rule, policy, by, run, call,
  extract(epoch FROM at)::float8, mac
FROM harness_policies.remembered
WHERE (%s::text IS NULL OR session = %s) AND (%s::text IS NULL OR owner = %s)
ORDER BY at DESC, id LIMIT 1000
"""
REMOVE = """
DELETE FROM harness_policies.remembered WHERE id = %s AND (%s::text IS NULL OR owner = %s)
RETURNING id, scope, session, owner, tool, names, digest, rule, policy, by, run, call,
  extract(epoch FROM at)::float8
"""


class PolicyStore:
    """The tables of policies."""

    def __init__(self, database: Database, signing: Signing) -> None:
        self._database = database
        self._signing = signing

    async def save_policy(self, policy: Policy) -> str:
        """Store a policy, and return its digest."""
        return await self.save_text(policy.text)

    async def save_text(self, text: str) -> str:
        """Store a policy in canonical JSON, and return its digest."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        statement = (
            "INSERT INTO harness_policies.policy (digest, text) VALUES (%s, %s) "
            "ON CONFLICT DO NOTHING"
        )
        await self._database.fetch(statement, (digest, text))
        return digest

    async def find_policy(self, digest: str) -> Policy:
        """Read a policy; raises PolicyUnavailable if it is missing, was changed or is none for this
        version."""
        text = await self.read_text(digest)
        # Its patterns may take long to compile: other tasks run in between.
        try:
            return await asyncio.to_thread(Policy.model_validate_json, text, context=PINNED)
        except ValidationError as error:
            why = error.errors(include_url=False, include_input=False)[0]["msg"]
            raise PolicyUnavailable(f"The policy {digest[:16]} cannot be read: {why}.") from None

    async def read_text(self, digest: str) -> str:
        """Read a policy in canonical JSON; raises PolicyUnavailable as `find_policy` does."""
        statement = "SELECT text FROM harness_policies.policy WHERE digest = %s"
        rows = await self._database.fetch(statement, (digest,))
        text: str = rows[0][0] if rows else ""
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            what = "was changed in the database" if rows else "is missing"
            raise PolicyUnavailable(f"The policy {digest[:16]} {what}.")
        return text

    async def find_pin(self, origin: str) -> Pin | None:
        """Read which policy holds for a run now."""
        found = await self.list_pins(origin, 1)
        return found[0] if found else None

    async def find_nearest_pin(self, origins: Sequence[str]) -> Pin | None:
        """Read which policy holds for a run now, or else for the nearest one above it.

        Args:
            origins: Of the run and those above it, its own first.
        """
        known = list(origins)
        rows = await self._database.fetch(NEAREST, (known, known))
        if not rows:
            return None
        origin, *row = rows[0]
        return _read_pin(await self._signing.get_signer(), origin, row)

    async def list_pins(self, origin: str, limit: int = 100) -> list[Pin]:
        """List the policies that have held for a run, the newest first."""
        rows = await self._database.fetch(NEWEST, (origin, limit))
        signer = await self._signing.get_signer() if rows else None
        return [_read_pin(signer, origin, row) for row in rows if signer is not None]

    async def add_pin(self, origin: str, digest: str, by: str | None) -> Pin:
        """Let a policy hold for a run from now on."""
        signer = await self._signing.get_signer()
        while True:
            last = await self.find_pin(origin)
            number = 1 if last is None else last.number + 1
            mac = _sign_pin(signer, origin, number, digest, by)
            rows = await self._database.fetch(ADD_PIN, (origin, number, digest, by, mac))
            if rows:
                return Pin(number, digest, by, 0.0)

    async def pin_first(self, origin: str, digest: str) -> Pin:
        """Let a policy hold for a run unless one does."""
        signer = await self._signing.get_signer()
        mac = _sign_pin(signer, origin, 1, digest, None)
        await self._database.fetch(ADD_PIN, (origin, 1, digest, None, mac))
        pin = await self.find_pin(origin)
        if pin is None:
            raise PolicyUnavailable(f"The pin of execution {origin} is missing.")
        return pin

    async def add_remembered(self, row: Remembered) -> None:
        """Remember an approval; once more changes nothing."""
        signer = await self._signing.get_signer()
        values = row[:-1]
        await self._database.fetch(ADD_REMEMBERED, (*values, _sign_remembered(signer, row)))

    async def find_remembered(self, scope: str, tool: str) -> list[Remembered]:
        """List the approvals that may allow a call; rows that were tampered with are left out."""
        rows = await self._database.fetch(FIND, (scope, tool))
        if not rows:
            return []
        signer = await self._signing.get_signer()
        read = [(Remembered(*row[:-1]), row[-1]) for row in rows]
        return [each for each, mac in read if _is_genuine(signer, each, mac)]

    async def list_remembered(self, session: str | None, owner: str | None) -> list[Remembered]:
        """List remembered approvals, the newest first. `owner`: only this user's."""
        rows = await self._database.fetch(LIST, (session, session, owner, owner))
        return [Remembered(*row[:-1]) for row in rows]

    async def remove_remembered(self, id: str, owner: str | None) -> Remembered | None:
        """Remove an approval and return it; None if there is none. `owner`: only this user's."""
        rows = await self._database.fetch(REMOVE, (id, owner, owner))
        return Remembered(*rows[0]) if rows else None


def digest_values(arguments: dict[str, Any], names: Sequence[str]) -> str:
    """Digest of the values of some arguments, in canonical JSON."""
    chosen = {name: arguments[name] for name in names if name in arguments}
    text = json.dumps([sorted(names), chosen], ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _read_pin(signer: Signer, origin: str, row: Sequence[Any]) -> Pin:
    pin = Pin(*row[:-1])
    words = (origin, str(pin.number), pin.digest, pin.by or "")
    if not signer.is_signed(row[-1], "policy pin", *words):
        raise PolicyUnavailable(f"The policy of execution {origin} was changed in the database.")
    return pin


def _sign_pin(signer: Signer, origin: str, number: int, digest: str, by: str | None) -> str:
    return signer.sign("policy pin", origin, str(number), digest, by or "")


def _words_of(row: Remembered) -> tuple[str, ...]:
    names = json.dumps(row.names)
    whose = row.id, row.scope, row.session or "", row.owner or "", row.run, row.call
    return *whose, row.tool, names, row.digest, row.rule, row.policy, row.by or ""


def _sign_remembered(signer: Signer, row: Remembered) -> str:
    return signer.sign("remembered approval", *_words_of(row))


def _is_genuine(signer: Signer, row: Remembered, mac: str) -> bool:
    return signer.is_signed(mac, "remembered approval", *_words_of(row))
