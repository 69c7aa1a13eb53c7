"""One consistent copy of a local stack, made while it runs.

Temporal is copied before the database, so the database is never older: a restored run finds its
transcript and its ledger. Files follow last, since rows refer to them.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.backup.bundle_file import EpochMark, Manifest, write_bundle
from harness.commons.files import sync_folder
from harness.contracts.errors import FileNotWritten, InvalidUsage, StackStartFailed
from harness.crypto.signing import FILE_NAME as SIGNING
from harness.crypto.signing import load_signer
from harness.engine.connection import Connection
from harness.engine.epoch import EpochKeeper
from harness.stack.binaries import find_postgres
from harness.stack.failures import Failure
from harness.stack.guard import die_with_me
from harness.stack.layout import layout_of
from harness.stack.opening import stack_error
from harness.version import __version__

ENGINE, DATABASE, ROLES, ARTIFACTS = "temporal.db", "postgres.dump", "roles.sql", "artifacts"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Backup:
    file: Path
    size: int
    manifest: Manifest


def missing_parts(connection: Connection) -> tuple[str, ...]:
    """Describe what this project uses but a backup cannot include."""
    endpoints, settings = connection.endpoints, connection.settings
    left: list[str] = []
    if not endpoints.local_temporal:
        left.append(f"Temporal at {endpoints.temporal_address}: back up its own database")
    if not endpoints.local_database:
        left.append(f"Postgres {connection.database.name}: back it up with its own tools")
    if settings.artifacts.url is not None:
        left.append("artifacts.url: copy it after the database")
    if settings.encryption.key is not None:
        where = settings.encryption.keyring or connection.project / settings.state_dir / "keys"
        left.append(f"the keyring {where}: keep a separate copy, see docs")
    return tuple(left)


async def make_backup(
    connection: Connection, target: Path, progress: Progress, *, replace: bool = False
) -> Backup:
    """Write one file with everything local, atomically. With `replace`, an existing file is
    replaced once the new one is complete."""
    endpoints = connection.endpoints
    if not (endpoints.local_temporal or endpoints.local_database):
        raise InvalidUsage(
            "There is nothing local to back up: " + "; ".join(missing_parts(connection)) + ".",
            fix="Copy Temporal first, then the database, then artifacts.url.",
        )
    target = await asyncio.to_thread(_choose_file, target, replace)
    signer = await asyncio.to_thread(load_signer, connection.settings, connection.project)
    keeper = EpochKeeper(connection.temporal, connection.database)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name[:60]}.", dir=target.parent))
    try:
        # The copy belongs to a generation that ends with it, so a restore is recognized as older.
        epoch = await keeper.advance()
        parts = await _copy_parts(connection, draft, progress)
        await keeper.advance()
        progress("writing the file")
        manifest = Manifest(
            harness=__version__, made=time.time(), left_out=missing_parts(connection),
            epoch=EpochMark(branch=epoch.branch, generation=epoch.generation),
        )  # fmt: skip
        written = draft / "bundle"
        manifest = await asyncio.to_thread(write_bundle, written, manifest, parts, signer)
        if replace:
            written.replace(target)
        else:
            os.link(written, target)  # never over a file created meanwhile
        sync_folder(target.parent)
        return Backup(target, target.stat().st_size, manifest)
    finally:
        keeper.close()
        shutil.rmtree(draft, ignore_errors=True)


def _choose_file(target: Path, replace: bool) -> Path:
    target = target.absolute()
    if not target.suffix and not target.exists() and target.parent.is_dir():
        target.mkdir(mode=0o700)  # named like a folder
    if target.is_dir():
        target /= time.strftime("harness-%Y%m%d-%H%M%S.tar")
    if target.exists() and not (replace and target.is_file()):
        raise InvalidUsage(
            f"{target} exists.", fix="Name another file, or pass --force to replace it."
        )
    if not target.parent.is_dir():
        raise FileNotWritten(f"There is no folder {target.parent}.", fix="Create it first.")
    return target


async def _copy_parts(
    connection: Connection, draft: Path, progress: Progress
) -> Mapping[str, Path]:
    endpoints, settings = connection.endpoints, connection.settings
    layout = layout_of(settings.state_dir, connection.project)
    parts: dict[str, Path] = {}
    if endpoints.local_temporal:
        progress("copying Temporal")
        parts[ENGINE] = draft / ENGINE
        await asyncio.to_thread(_copy_engine, layout.temporal_data, parts[ENGINE])
    if endpoints.local_database:
        progress("copying the database")
        parts[DATABASE], parts[ROLES] = draft / DATABASE, draft / ROLES
        url = endpoints.database_url
        await run_postgres_tool("pg_dump", url, "-Fc", "-f", str(parts[DATABASE]))
        roles = ("--roles-only", "--no-role-passwords", "-f", str(parts[ROLES]))
        await run_postgres_tool("pg_dumpall", url, *roles)
    if settings.artifacts.url is None:
        progress("copying artifacts")
        parts |= await asyncio.to_thread(_link_artifacts, layout.state / ARTIFACTS, draft)
    key = layout.state / SIGNING
    if settings.signing.key is None and key.exists():
        parts[SIGNING] = key
    return parts


def _copy_engine(source: Path, target: Path) -> None:
    """Copy in one step: readers do not block the writer, and a copy in several steps would restart
    with each write."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    reading, writing = sqlite3.connect(source), sqlite3.connect(target)
    try:
        reading.backup(writing)
    finally:
        writing.close()
        reading.close()


def _link_artifacts(folder: Path, draft: Path) -> dict[str, Path]:
    """Link artifacts: files are never changed, and a link keeps one that is deleted meanwhile."""
    parts: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        name = f"{ARTIFACTS}/{path.relative_to(folder).as_posix()}"
        kept = draft / name
        kept.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, kept)
        except FileNotFoundError:
            continue
        except OSError:  # another file system
            shutil.copyfile(path, kept)
        parts[name] = kept
    return parts


async def run_postgres_tool(program: str, url: str, *arguments: str) -> str:
    """Run a program of the installed Postgres against `url`; returns its stderr. The password is
    passed in the environment: other users can read command lines."""
    from psycopg.conninfo import conninfo_to_dict

    try:
        binaries = find_postgres().path
    except Failure as failure:
        raise stack_error(failure) from failure
    where = conninfo_to_dict(url)
    names = {
        "host": "PGHOST", "port": "PGPORT", "user": "PGUSER",
        "password": "PGPASSWORD",
    }  # fmt: skip
    found = {env: str(where[name]) for name, env in names.items() if where.get(name)}
    process = await asyncio.create_subprocess_exec(
        str(binaries / program), *arguments,
        env={"PATH": os.defpath, "PGDATABASE": str(where.get("dbname", "")), **found},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        preexec_fn=die_with_me(signal.SIGKILL),
    )  # fmt: skip
    try:
        _, said = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    words = said.decode(errors="replace").strip()
    if process.returncode != 0:
        last = words.splitlines()[-1] if words else f"exit code {process.returncode}"
        raise StackStartFailed(f"{program} failed: {last}", fix="See the message.")
    return words
