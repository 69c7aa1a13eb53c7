"""The file of a backup: a manifest, then the parts that it lists, and nothing else.

Plain tar, so that other tools can read it. Parsed here, one header at a time: a foreign file is
hostile until its manifest is verified, and `tarfile` follows links, sparse maps and extended
headers that no backup has.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.contracts.errors import InvalidBackup, StoreError
from harness.crypto.signing import Signer

MANIFEST = "manifest.json"
FORMAT = 1
BLOCK = 512
CHUNK = 1 << 20
MANIFEST_BYTES = 64_000_000
PURPOSE = "backup"
# Complete names: no `..`, no absolute path, no unexpected file.
NAME = re.compile(
    r"(temporal\.db|postgres\.dump|roles\.sql|signing\.key"
    r"|artifacts(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){1,4})\Z"
)


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    size: int
    sha256: str


class EpochMark(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    branch: str
    generation: int


class Manifest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    harness: str
    """The version that made it."""
    made: float
    """Seconds since the epoch."""
    epoch: EpochMark
    left_out: tuple[str, ...] = ()
    """What the project used but the backup does not include."""
    parts: dict[str, Part] = {}
    mac: str | None = None
    """Made with the signing key of the project."""

    def signed(self) -> bytes:
        return self.model_copy(update={"mac": None}).model_dump_json().encode()


def write_bundle(
    target: Path, manifest: Manifest, parts: Mapping[str, Path], signer: Signer
) -> Manifest:
    """Write the manifest and the parts; durable when this returns."""
    listed = {name: _describe_part(path) for name, path in parts.items()}
    manifest = manifest.model_copy(update={"parts": listed})
    mac = signer.sign(PURPOSE, manifest.signed())
    manifest = manifest.model_copy(update={"mac": mac})
    content = manifest.model_dump_json(indent=1).encode()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        _add_member(file, MANIFEST, len(content), io.BytesIO(content))
        for name, part in listed.items():
            with parts[name].open("rb") as source:
                _add_member(file, name, part.size, source)
        file.write(bytes(2 * BLOCK))
        file.flush()
        os.fsync(file.fileno())
    return manifest


def read_manifest(file: IO[bytes]) -> Manifest:
    """Read the manifest, which comes first; raises StoreError if it is unreadable."""
    name, size = _read_header(file) or ("", 0)
    if name != MANIFEST or size > MANIFEST_BYTES:
        raise invalid_error(
            "it does not start with a manifest, so `harness backup` did not write it"
        )
    content = file.read(size)
    file.read(-size % BLOCK)
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        raise invalid_error(f"its manifest cannot be read ({error.error_count()} errors)") from None
    if manifest.format != FORMAT:
        raise invalid_error(f"it has format {manifest.format}; this version reads format {FORMAT}")
    for name, part in manifest.parts.items():
        if not NAME.match(name) or part.size < 0:
            raise invalid_error(f"its manifest lists {name[:200]!r}, which is not part of a backup")
    return manifest


def is_authentic(manifest: Manifest, signer: Signer) -> bool:
    return signer.is_signed(manifest.mac, PURPOSE, manifest.signed())


def extract_parts(file: IO[bytes], manifest: Manifest, folder: Path) -> None:
    """Extract the parts into the empty `folder`: exactly the listed ones, with the listed
    content."""
    left = dict(manifest.parts)
    while (header := _read_header(file)) is not None:
        name, size = header
        part = left.pop(name, None)
        if part is None:
            raise invalid_error(
                f"it contains {name[:200]!r} twice, or without an entry in its manifest"
            )
        if size != part.size:
            raise invalid_error(f"{name} has {size:,} bytes; the manifest says {part.size:,}")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_part(file, target, part, name)
    if left:
        raise invalid_error(f"{', '.join(sorted(left)[:5])} is missing")


def invalid_error(why: str) -> StoreError:
    return InvalidBackup(f"The backup cannot be used: {why}.")


def _write_part(file: IO[bytes], target: Path, part: Part, name: str) -> None:
    digest = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(target, flags, 0o600), "wb") as out:
        left = part.size
        while left:
            chunk = file.read(min(CHUNK, left))
            if not chunk:
                raise invalid_error(f"it is truncated in the middle of {name}")
            digest.update(chunk)
            out.write(chunk)
            left -= len(chunk)
        out.flush()
        os.fsync(out.fileno())
    file.read(-part.size % BLOCK)
    if digest.hexdigest() != part.sha256:
        raise invalid_error(f"{name} is damaged: its SHA-256 does not match the manifest")


def _read_header(file: IO[bytes]) -> tuple[str, int] | None:
    """Read name and size of the next regular file; None at the end."""
    block = file.read(BLOCK)
    if block == bytes(BLOCK):
        return None
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeError) as error:
        raise invalid_error(f"it is not a tar file, or is truncated ({error})") from None
    if info.type != tarfile.REGTYPE or info.size < 0:
        raise invalid_error(f"{info.name[:200]!r} is not a regular file")
    return info.name, info.size


def _describe_part(path: Path) -> Part:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return Part(size=file.tell(), sha256=digest.hexdigest())


def _add_member(file: IO[bytes], name: str, size: int, source: IO[bytes]) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    file.write(info.tobuf(tarfile.GNU_FORMAT))
    for chunk in _read_chunks(source, size):
        file.write(chunk)
    file.write(bytes(-size % BLOCK))


def _read_chunks(source: IO[bytes], size: int) -> Iterable[bytes]:
    left = size
    while left:
        chunk = source.read(min(CHUNK, left))
        if not chunk:
            raise invalid_error("a file shrank while it was copied")
        yield chunk
        left -= len(chunk)
