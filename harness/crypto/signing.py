"""The key that proves the origin of run specs, tool calls and receipts.

Anyone who can write to Temporal or the database can plant content there. What workers act on
therefore carries a MAC under a key that only the owner of the state folder can read.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from harness.commons.files import create_atomic
from harness.config.settings import Settings
from harness.config.trust import make_state_folder
from harness.contracts.errors import InvalidValue

FILE_NAME = "signing.key"
KEY_BYTES = 32
MAC_BYTES = 16
"""128 bits: cannot be guessed, and adds only 22 characters to what is signed."""
SHORTEST_SETTING = 32


class Signer:
    """Signs and checks under one key. The purpose keeps a MAC from being used elsewhere."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, purpose: str, *parts: str | bytes) -> str:
        """The MAC of `parts`, in their order, for `purpose`."""
        mac = hmac.new(self._key, digestmod=hashlib.sha256)
        for part in (purpose, *parts):
            data = part.encode() if isinstance(part, str) else part
            mac.update(len(data).to_bytes(8, "big"))  # keeps lists of parts distinct
            mac.update(data)
        return base64.urlsafe_b64encode(mac.digest()[:MAC_BYTES]).decode().rstrip("=")

    def derive_key(self, purpose: str, *parts: str | bytes) -> bytes:
        """A key of 32 bytes for `purpose` that only holders of this key can make again."""
        own = hmac.new(self._key, b"derived\0" + purpose.encode(), hashlib.sha256).digest()
        mac = hmac.new(own, digestmod=hashlib.sha256)
        for part in parts:
            data = part.encode() if isinstance(part, str) else part
            mac.update(len(data).to_bytes(8, "big") + data)
        return mac.digest()

    def is_signed(self, mac: str | None, purpose: str, *parts: str | bytes) -> bool:
        """Whether `mac` was made by `sign` from the same purpose and parts."""
        expected = self.sign(purpose, *parts)
        return mac is not None and hmac.compare_digest(mac.encode(), expected.encode())


class Signing:
    """Loads the signer of a project when it is first needed."""

    def __init__(self, settings: Settings, project: Path) -> None:
        self._settings, self._project = settings, project
        self._signer: Signer | None = None

    async def get_signer(self) -> Signer:
        if self._signer is None:
            self._signer = await asyncio.to_thread(load_signer, self._settings, self._project)
        return self._signer


def load_signer(settings: Settings, project: Path) -> Signer:
    """Load the signer of this project, from `signing.key` or the key file in the state folder.

    The file is created if it does not exist. Blocks: async callers use a thread.
    """
    configured = settings.signing.key
    if configured is not None:
        text = configured.get_secret_value()
        if len(text) < SHORTEST_SETTING:
            raise InvalidValue(
                f"signing.key has {len(text)} characters; it needs at least {SHORTEST_SETTING}.",
                fix="Make one: python3 -c 'import secrets; print(secrets.token_hex(32))'",
            )
        return Signer(hashlib.sha256(text.encode()).digest())
    return Signer(_key_in(project / settings.state_dir))


def _key_in(state: Path) -> bytes:
    path = state / FILE_NAME
    if not path.exists():
        make_state_folder(state)
        create_atomic(path, secrets.token_bytes(KEY_BYTES), mode=0o600)
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        key = file.read(KEY_BYTES + 1)
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise InvalidValue(
            f"{path} must belong to this user and be readable by no one else (mode 0600).",
            fix=f"If it is yours: chmod 600 {path}",
        )
    if len(key) != KEY_BYTES:
        raise InvalidValue(
            f"{path} does not hold a key of {KEY_BYTES} bytes.",
            fix="Restore it from a backup. Without it, runs in flight and undos are refused.",
        )
    return key
