"""Encrypted or signed fields of the ledger's rows, each bound to the identity of its row."""

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

    async def encrypt_field(self, column: str, row: Identity, value: Any) -> str | None:
        """Return the JSON to store for `value`; None stays None."""
        return await self._vault.encrypt_json(row[RUN], value, _field_place(column, row))

    async def encrypt_begun(
        self, row: Identity, values: Mapping[str, Any]
    ) -> dict[str, str | None]:
        """Encrypt the fields that are known before the effect acts. A missing workspace is signed
        too, so that none can be planted."""
        encrypt, run = self._vault.encrypt_value, row[RUN]
        return {
            "arguments": await encrypt(run, values["arguments"], _field_place("arguments", row)),
            "workspace": await encrypt(run, values["workspace"], _field_place("workspace", row)),
            "receipt": await self.encrypt_field("receipt", row, values["receipt"]),
        }

    async def encrypt_note(self, row: Identity, note: str) -> str:
        return await self._vault.encrypt_text(row[RUN], note, _field_place("note", row))

    async def decrypt_kept(
        self, row: Identity, workspace: str | None, result: str | None, receipt: str | None
    ) -> tuple[Any, Any]:
        """Decrypt result and receipt, once the workspace proves that the row is ours."""
        await self._decrypt_workspace(row, workspace)
        return await self._decrypt_field("result", row, result), await self._decrypt_field(
            "receipt", row, receipt
        )

    async def decrypt_row(self, row: Row) -> EffectRow:
        """Decrypt a row of the table, whose columns are in the order of EffectRow's fields."""
        values = dict(zip(EffectRow.model_fields, row, strict=True))
        identity = identity_of(values)
        values["workspace"] = await self._decrypt_workspace(identity, values["workspace"])
        for name in ("arguments", "result", "receipt"):
            values[name] = await self._decrypt_field(name, identity, values[name])
        if values["note"] is not None:
            place = _field_place("note", identity)
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
        return await self._decrypt_field("workspace", row, stored)

    async def _decrypt_field(self, column: str, row: Identity, stored: str | None) -> Any:
        return await self._vault.decrypt_json(stored, _field_place(column, row))


def identity_of(values: Mapping[str, Any]) -> Identity:
    """Return what identifies a row; not `call`, since after a reset the same write has another."""
    return tuple(values[name] for name in IDENTITY)


def _field_place(column: str, row: Identity) -> bytes:
    return place_of(f"effect.{column}", *row)
