"""Reads files from other hosts within limits: a forged export could fill memory."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

from harness.contracts.errors import InvalidExport, StoreError

FILE_BYTES = 128 * 1024 * 1024
"""Of one run, decompressed. Temporal ends a history at 50 MB."""
TOTAL_BYTES = 8 * 1024 * 1024 * 1024
"""Of one .zip, decompressed; its files are read one after another."""
FILES = 100_000
VALUES = 2_000_000
"""In one file. A value takes about 100 bytes of memory and as few as two of text."""
DEPTH = 200
STEP = 1024 * 1024
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]|,', re.DOTALL)


def read_bounded(file: IO[bytes], name: object, limit: int = FILE_BYTES) -> bytes:
    """Read the whole file; raise StoreError once it exceeds `limit` bytes."""
    found = bytearray()
    try:
        while part := file.read(min(STEP, limit + 1 - len(found))):
            found += part
            if len(found) > limit:
                raise _invalid_export(name, f"it has more than {limit:,} bytes")
    # RuntimeError: encrypted, or compressed by an unknown method.
    except (
        OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise _invalid_export(name, str(error)) from error
    return bytes(found)


def read_text(path: Path) -> str:
    """Read a UTF-8 text file; raise StoreError if that fails or it is too long."""
    try:
        with path.open("rb") as file:
            data = read_bounded(file, path)
    except OSError as error:
        raise InvalidExport(
            f"{path} cannot be read: {error.strerror}", fix="Correct the path."
        ) from error
    return decode_utf8(data, path)


def decode_utf8(data: bytes, name: object) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _invalid_export(name, "it is not UTF-8 text") from None


def parse_bounded(text: str, name: object) -> Any:
    """Parse JSON, after counting its values without building them."""
    check_bounds(text, name)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid_export(name, f"it is not valid JSON: {error}") from None


def check_bounds(text: str, name: object) -> None:
    """Raise StoreError if JSON is nested too deeply or has too many values."""
    depth = values = 0
    for token in TOKEN.finditer(text):
        sign = token[0][0]
        values += sign in ",[{"
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        if depth > DEPTH:
            raise _invalid_export(name, f"it is nested more than {DEPTH} levels deep")
        if values > VALUES:
            raise _invalid_export(name, f"it has more than {VALUES:,} values")


def _invalid_export(name: object, why: str) -> StoreError:
    return InvalidExport(f"{name} cannot be used: {why}.")
