"""Where large artifacts are: a folder or S3."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from harness.config.trust import make_state_folder
from harness.contracts.errors import (
    ArtifactMissing,
    InvalidValue,
    StoreError,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from obstore.store import ObjectStore


class ArtifactObjects:
    """The folder or bucket; opened when first needed."""

    def __init__(self, url: str | None, folder: Path | None) -> None:
        """`folder` is used unless there is a `url`."""
        self._url = url
        self._folder = folder
        self._objects: ObjectStore | None = None

    async def put(self, id: str, content: bytes | Path) -> None:
        """Store content, or that of a file, which is read in parts."""
        import obstore
        from obstore.exceptions import BaseError

        objects = self._open()
        try:
            await obstore.put_async(objects, _object_path(id), content)
        except (BaseError, OSError) as error:
            raise self._object_error(id, "written", error) from error
        if (folder := _local_folder(objects)) is not None:
            await asyncio.to_thread(_sync_file, folder / _object_path(id), folder)

    async def has(self, id: str, size: int) -> bool:
        import obstore
        from obstore.exceptions import BaseError

        try:
            return (await obstore.head_async(self._open(), _object_path(id)))["size"] == size
        except FileNotFoundError:
            return False
        except (BaseError, OSError) as error:
            raise self._object_error(id, "looked up", error) from error

    async def get(self, id: str, start: int = 0, end: int | None = None) -> bytes:
        import obstore
        from obstore.exceptions import BaseError

        if end is not None and start >= end:
            return b""
        try:
            objects = self._open()
            if end is None:
                whole = await obstore.get_async(objects, _object_path(id))
                return bytes(await whole.bytes_async())
            content = await obstore.get_range_async(objects, _object_path(id), start=start, end=end)
        except FileNotFoundError as error:
            raise ArtifactMissing(
                f"Artifact {id} is known, but its content is not in {self._location}.",
                fix="Set the same artifacts.url on all hosts, or restore the folder.",
            ) from error
        except (BaseError, OSError) as error:
            raise self._object_error(id, "read", error) from error
        return bytes(content)

    async def delete(self, id: str) -> None:
        import obstore
        from obstore.exceptions import BaseError

        try:
            await obstore.delete_async(self._open(), _object_path(id))
        except FileNotFoundError:
            pass
        except (BaseError, OSError) as error:
            raise self._object_error(id, "deleted", error) from error

    def _open(self) -> ObjectStore:
        if self._objects is None:
            from obstore.exceptions import BaseError
            from obstore.store import LocalStore, from_url

            try:
                if self._url is None and self._folder is not None:
                    make_state_folder(self._folder.absolute().parent)
                    # Files take their mode from the umask, so the folder is closed to others.
                    self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    self._folder.chmod(0o700)
                    self._objects = LocalStore(self._folder.absolute(), mkdir=True)
                elif self._url is not None and self._url.startswith("file://"):
                    self._objects = LocalStore.from_url(self._url, mkdir=True)
                else:
                    self._objects = from_url(self._url or "")
            except (BaseError, ValueError, OSError) as error:
                raise InvalidValue(
                    f"artifacts.url {self._location} cannot be opened: {_first_line(error)}",
                ) from error
        return self._objects

    @property
    def _location(self) -> str:
        return self._url or str(self._folder)

    def _object_error(self, id: str, verb: str, error: Exception) -> StoreError:
        return StoreUnavailable(
            f"Artifact {id} cannot be {verb} in {self._location}: {_first_line(error)}",
            fix="Check that artifacts.url is reachable and has free space.",
        )


def _object_path(id: str) -> str:
    return f"{id[:2]}/{id}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _local_folder(objects: ObjectStore) -> Path | None:
    from obstore.store import LocalStore

    return Path(str(objects.prefix)) if isinstance(objects, LocalStore) else None


def _sync_file(file: Path, top: Path) -> None:
    """Flush a file and its folders to disk: obstore writes and renames without fsync."""
    for path in (file, file.parent, top):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
