"""Encrypted or signed fields of the ledger's rows, each bound to all that identifies its row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.contracts.effect import EffectRow
from harness.contracts.errors import ContentCorrupt, ContentUnsigned
from harness.crypto.place import place_of
from harness.crypto.vault import Vault
from harness.store.database import Row

Identity = tuple[Any, ...]
IDENTITY = ("key", "origin", "run", "agent", "turn", "tool", "effect")
RUN = IDENTITY.index("run")


class EffectFields:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def encrypt(self, column: str, row: Identity, value: Any) -> str | None:
        """JSON to store for `value`; None for nothing."""
        return await self._vault.encrypt_json(row[RUN], value, _place(column, row))

    async def encrypt_begun(
        self, row: Identity, values: Mapping[str, Any]
    ) -> dict[str, str | None]:
        """The fields that are known before the effect acts. A row without a workspace says so
        under its MAC, so that none can be planted."""
        encrypt, run = self._vault.encrypt_value, row[RUN]
        return {
            "arguments": await encrypt(run, values["arguments"], _place("arguments", row)),
            "workspace": await encrypt(run, values["workspace"], _place("workspace", row)),
            "receipt": await self.encrypt("receipt", row, values["receipt"]),
        }

    async def encrypt_note(self, row: Identity, note: str) -> str:
        return await self._vault.encrypt_text(row[RUN], note, _place("note", row))

    async def decrypt_kept(
        self, row: Identity, workspace: str | None, result: str | None, receipt: str | None
    ) -> tuple[Any, Any]:
        """Result and receipt of the row, once its workspace proves that the row is ours."""
        await self._decrypt_workspace(row, workspace)
        return await self._decrypt("result", row, result), await self._decrypt(
            "receipt", row, receipt
        )

    async def decrypt_row(self, row: Row) -> EffectRow:
        """A row of the table as it is read from there, in the order of EffectRow's fields."""
        values = dict(zip(EffectRow.model_fields, row, strict=True))
        identity = identity_of(values)
        values["workspace"] = await self._decrypt_workspace(identity, values["workspace"])
        for name in ("arguments", "result", "receipt"):
            values[name] = await self._decrypt(name, identity, values[name])
        if values["note"] is not None:
            place = _place("note", identity)
            values["note"] = await self._vault.decrypt_text(values["note"], place)
        try:
            if values["result"] is not None:
                values["result"] = values["result"].get("content")
            return EffectRow.model_validate(values)
        except (ValueError, AttributeError, RecursionError) as error:
            raise ContentCorrupt(
                f"Effect {values['key']!r} of the ledger cannot be read: {error}"
            ) from None

    async def _decrypt_workspace(self, row: Identity, stored: str | None) -> Any:
        if stored is None and self._vault.authentic:
            raise ContentUnsigned(f"Effect {row[0]!r} has no signed workspace.")
        return await self._decrypt("workspace", row, stored)

    async def _decrypt(self, column: str, row: Identity, stored: str | None) -> Any:
        return await self._vault.decrypt_json(stored, _place(column, row))


def identity_of(values: Mapping[str, Any]) -> Identity:
    """`call` is not part of it: after a reset the same write comes from a call with another id."""
    return tuple(values[name] for name in IDENTITY)


def _place(column: str, row: Identity) -> bytes:
    return place_of(f"effect.{column}", *row)
