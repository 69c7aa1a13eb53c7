"""The newest entry of each chain that this machine has seen, kept outside the database.

An older copy of the whole database is consistent in itself. Only something that was not restored
with it can tell: a small file per owner in the state folder.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from harness.commons.files import write_atomic
from harness.config.trust import make_state_folder


class Seen(NamedTuple):
    """An entry that a chain must still have."""

    seq: int
    mac: str


class Witness:
    """Remembers the newest entry per chain."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._known: dict[str, Seen] = {}

    async def read(self, namespace: str, owner: str) -> Seen | None:
        """The newest entry seen on this machine. Read it before the database, or a write in between
        looks like a restored copy."""
        name = _name_of(namespace, owner)
        found = await asyncio.to_thread(_read_file, self._folder / name)
        known = self._known.get(name)
        if known is not None and (found is None or found.seq < known.seq):
            return known
        return found

    async def advance(self, namespace: str, owner: str, seen: Seen) -> None:
        """Note a newer entry, once it is committed."""
        name = _name_of(namespace, owner)
        found = await self.read(namespace, owner)
        if found is None or found.seq < seen.seq:
            self._known[name] = seen
            await asyncio.to_thread(self._write, name, seen)

    async def reset(self, namespace: str, owner: str, seen: Seen) -> None:
        """Accept the chain as it is, such as after a backup was restored on purpose."""
        name = _name_of(namespace, owner)
        self._known[name] = seen
        await asyncio.to_thread(self._write, name, seen)

    @property
    def _folder(self) -> Path:
        return self._state / "memory"

    def _write(self, name: str, seen: Seen) -> None:
        make_state_folder(self._state)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write_atomic(self._folder / name, json.dumps(seen._asdict()), mode=0o600)


def _read_file(path: Path) -> Seen | None:
    try:
        found = json.loads(path.read_bytes())
        return Seen(int(found["seq"]), str(found["mac"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None


def _name_of(namespace: str, owner: str) -> str:
    return hashlib.sha256(f"{namespace}\0{owner}".encode()).hexdigest()[:40] + ".json"
