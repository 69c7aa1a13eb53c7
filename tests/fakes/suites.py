"""Suites and generators of other people, in an environment of their own: what they need is no part
of harness, and holds nothing of it back."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "suites"
LOCK = FOLDER / "requirements.txt"
ENVIRONMENT = FOLDER / ".venv"
GUARD = ".guard"  # not .lock, which is the installer's own
UV = Path(sys.executable).parent / "uv"
SECONDS = 300


def suite_command(name: str) -> Path:
    """A command of the environment, which is installed first unless it is as the lock file says."""
    ENVIRONMENT.mkdir(exist_ok=True)
    with (ENVIRONMENT / GUARD).open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # tests in other processes may need it too
        _install()
    return ENVIRONMENT / "bin" / name


def _install() -> None:
    stamp = ENVIRONMENT / ".installed"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        _run("venv", "--quiet", "--allow-existing", "--python", sys.executable, str(ENVIRONMENT))
    _run("pip", "sync", "--quiet", "--require-hashes", "--python", str(python), str(LOCK))
    stamp.write_text(wanted)


def _run(*arguments: str) -> None:
    subprocess.run([str(UV), *arguments], check=True, timeout=SECONDS)
