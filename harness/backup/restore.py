"""Restore a backup: verified first, loaded beside the old state, then exchanged.

The exchange is two renames. A process killed between them leaves the former state complete under
`<state>.before-<time>`, and the loaded one beside it.
"""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from harness.backup.backup import ARTIFACTS, DATABASE, ENGINE, ROLES, Progress, run_postgres_tool
from harness.backup.bundle_file import (
    Manifest,
    extract_parts,
    invalid_error,
    is_authentic,
    read_manifest,
)
from harness.commons.files import sync_folder
from harness.config.settings import DatabaseSettings, Settings, TemporalSettings
from harness.config.trust import MARK, make_state_folder, mark_state_folder
from harness.contracts.errors import (
    ConfigError,
    InvalidBackup,
    InvalidUsage,
    StackRunning,
    StackStartFailed,
)
from harness.crypto.signing import FILE_NAME as SIGNING
from harness.crypto.signing import load_signer
from harness.stack import open_stack, stop_stack
from harness.stack.connect import find_configured_temporal
from harness.stack.layout import Layout, layout_of, write_kept
from harness.stack.lease import read_status
from harness.stack.users import is_used
from harness.store.epoch import begin_branch
from harness.store.migrate import open_database

KEYS = "keys"
LEAVING_S = 30.0
"""How long to wait for workers to end after the stack was stopped."""
POLL_S = 0.1


@dataclass(frozen=True)
class Restored:
    state: Path
    aside: Path | None
    """Where the former state is now."""
    manifest: Manifest
    keyring: bool
    """Whether the keys of encrypted runs are in place, as far as known."""


async def restore_backup(
    settings: Settings, project: Path, source: Path, progress: Progress, *, trust: bool = False
) -> Restored:
    """Replace the local state of a project by a backup. Nothing is deleted."""
    layout = layout_of(settings.state_dir, project)
    async with _keep_stopped(layout, progress):
        layout.state.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(
            tempfile.mkdtemp(prefix=f"{layout.state.name}.restoring-", dir=layout.state.parent)
        )
        try:
            progress("verifying the backup")
            manifest = await asyncio.to_thread(
                _unpack_backup, settings, project, source, draft, trust
            )
            if DATABASE in manifest.parts:
                progress("loading the database")
                await _load_database(settings, project, draft)
            done = await asyncio.to_thread(_exchange_state, settings, layout, draft, manifest)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        try:
            mark_state_folder(layout.state)  # restoring it means trusting it
        except ConfigError as error:  # a folder named by HARNESS_STATE_DIR needs no mark
            progress(f"The state folder could not be marked as trusted: {error.message}")
        return done


@asynccontextmanager
async def _keep_stopped(layout: Layout, progress: Progress) -> AsyncGenerator[None]:
    """Refuse if the stack runs or has users, and prevent it from starting during the block."""
    running = StackRunning(
        f"The local stack of {layout.state} is running.", fix="Stop it: harness down"
    )
    if await read_status(layout) is not None:
        raise running
    is_new = not layout.state.exists()
    make_state_folder(layout.state)
    lock = os.open(layout.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _take_lock(lock, layout):
            raise StackRunning(
                f"The local stack of {layout.state} is starting, or is being restored.",
                fix="Wait for it, then stop the stack: harness down",
            )
        try:
            await _wait_for_users(layout, progress)
            yield
        finally:
            if is_new and _is_bare(layout):
                shutil.rmtree(layout.state)
    finally:
        os.close(lock)


def _take_lock(lock: int, layout: Layout) -> bool:
    """Try to take the lock; False also if another restore has moved it away."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(lock), layout.lock.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def _is_bare(layout: Layout) -> bool:
    """Whether the state folder is as `_keep_stopped` makes it."""
    if not layout.state.is_dir():
        return False
    return {each.name for each in layout.state.iterdir()} <= {MARK, layout.lock.name}


async def _wait_for_users(layout: Layout, progress: Progress) -> None:
    """Wait for users to end: a worker that outlives the stack would continue newer runs."""
    for attempt in range(1 + round(LEAVING_S / POLL_S)):
        if not is_used(layout):
            return
        if attempt == 1:
            progress("waiting for workers and scripts to end")
        await asyncio.sleep(POLL_S)
    raise StackRunning(
        f"A worker or script that used the local stack of {layout.state} is still running.",
        fix=f"End it (fuser {layout.users} shows its process id), then restore again.",
    )


def _unpack_backup(
    settings: Settings, project: Path, source: Path, draft: Path, trust: bool
) -> Manifest:
    try:
        file = source.open("rb")
    except OSError as error:
        raise InvalidUsage(
            f"{source} cannot be read: {error.strerror}.",
            fix="Name a file that `harness backup` made.",
        ) from None
    with file:
        manifest = read_manifest(file)
        signed = _is_signed(settings, project, manifest)
        if not trust and not signed:
            raise InvalidBackup(
                f"{source} is not signed with this project's signing key: it was made elsewhere, "
                "or was changed. Restoring it loads a database dump, which can run code.",
                fix="If you made it, and nobody else could change it: pass --trust.",
            )
        if not signed:
            _check_key(settings, manifest)
        _check_fits(settings, manifest)
        extract_parts(file, manifest, draft)
    return manifest


def _is_signed(settings: Settings, project: Path, manifest: Manifest) -> bool:
    """Whether this project made the backup. A key that was just created has signed nothing."""
    made = (project / settings.state_dir / SIGNING).exists()
    known = settings.signing.key is not None or made
    return known and is_authentic(manifest, load_signer(settings, project))


def _check_key(settings: Settings, manifest: Manifest) -> None:
    """Check that open runs keep their signing key: with another, workers fail them as forged."""
    if settings.signing.key is not None:
        raise InvalidBackup(
            "The backup was made with another signing key than signing.key: its open runs would "
            "fail as forged.",
            fix="Set signing.key as it was where the backup was made, or unset it if it was unset.",
        )
    if SIGNING not in manifest.parts:
        raise InvalidBackup(
            "signing.key was set where the backup was made, and is not set here: its open runs "
            "would fail as forged.",
            fix="Set the same signing.key, then restore again.",
        )


def _check_fits(settings: Settings, manifest: Manifest) -> None:
    """Check that the backup contains exactly what is local here."""
    local = {
        ENGINE: ("Temporal", find_configured_temporal(settings) is None),
        DATABASE: ("Postgres", settings.database.url is None),
    }
    for name, (what, here) in local.items():
        if here and name not in manifest.parts:
            raise invalid_error(f"{what} runs locally here, and the backup does not contain it")
        if not here and name in manifest.parts:
            raise invalid_error(f"it contains {what}, which is configured to run elsewhere")
    if (DATABASE in manifest.parts) != (ROLES in manifest.parts):
        raise invalid_error(f"it contains only one of {DATABASE} and {ROLES}")
    if settings.artifacts.url is not None and any(
        name.startswith(f"{ARTIFACTS}/") for name in manifest.parts
    ):
        raise invalid_error("it contains artifacts, and artifacts.url is set")


async def _load_database(settings: Settings, project: Path, draft: Path) -> None:
    """Load the dump into a new Postgres in the draft, and begin a branch: the database does not
    know what has happened since the backup."""
    alone = settings.model_copy(
        update={
            "state_dir": draft,
            "temporal": TemporalSettings(address="localhost:1"),  # so that none is started
            "database": DatabaseSettings(),
        }
    )
    try:
        async with open_stack(alone, project) as endpoints:
            url = endpoints.database_url
            await _create_roles(url, draft / ROLES)
            options = ("--single-transaction", "--exit-on-error", "-d", "harness")
            await run_postgres_tool("pg_restore", url, *options, str(draft / DATABASE))
            database = await open_database(url, pool_size=1)
            try:
                await begin_branch(database, "database")
            finally:
                await database.close()
    finally:
        await stop_stack(alone, project)
    (draft / DATABASE).unlink()
    (draft / ROLES).unlink(missing_ok=True)


async def _create_roles(url: str, file: Path) -> None:
    """Create the roles, which a dump of one database lacks. Existing roles are kept."""
    from psycopg import AsyncConnection
    from psycopg.errors import DuplicateObject

    lines = (await asyncio.to_thread(file.read_text)).splitlines()
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        for line in lines:
            if line.startswith(("CREATE ROLE ", "ALTER ROLE ", "GRANT ")):
                try:
                    await connection.execute(line.encode())
                except DuplicateObject:
                    continue


def _exchange_state(
    settings: Settings, layout: Layout, draft: Path, manifest: Manifest
) -> Restored:
    for name in ("stack.lock", "stack.keep", "stack.users"):
        (draft / name).unlink(missing_ok=True)
    write_kept(Layout(state=draft, sockets=layout.sockets), {})
    former = layout.state / KEYS
    if settings.encryption.keyring is None and former.is_dir():
        # The present keys, not those of the backup: what was forgotten stays forgotten.
        shutil.copytree(former, draft / KEYS)
    aside = _free_name(layout.state)
    is_bare = _is_bare(layout)
    try:
        layout.state.rename(aside)
    except OSError as error:
        raise StackStartFailed(
            f"{layout.state} cannot be moved aside: {error.strerror}.",
            fix="A mount point cannot be moved: set state_dir to a folder below it.",
        ) from error
    try:
        draft.rename(layout.state)
    except OSError as error:
        with suppress(OSError):
            aside.rename(layout.state)
        where = layout.state if layout.state.exists() and not aside.exists() else aside
        raise StackStartFailed(
            f"The loaded backup cannot be moved to {layout.state}: {error.strerror}. "
            f"The former state is in {where}.",
            fix="Make sure that nothing else uses the project, and restore again.",
        ) from error
    sync_folder(layout.state.parent)
    if is_bare:
        shutil.rmtree(aside, ignore_errors=True)
    ring = settings.encryption.key is None or settings.encryption.keyring is not None
    ring = ring or (layout.state / KEYS).is_dir()
    return Restored(layout.state, None if is_bare else aside, manifest, ring)


def _free_name(state: Path) -> Path:
    """Choose a free name for the former state."""
    first = time.strftime(f"{state.name}.before-%Y%m%d-%H%M%S")
    names = itertools.chain([first], (f"{first}-{number}" for number in itertools.count(2)))
    return next(path for path in map(state.with_name, names) if not os.path.lexists(path))
