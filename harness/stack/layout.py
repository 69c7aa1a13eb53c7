"""The files and folders of a project's local stack.

Data, logs and the lock are in the project's state folder. Unix sockets are elsewhere: their paths
may have at most 107 bytes (103 on macOS), and project folders may be deep.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from harness.commons.files import write_private
from harness.stack.failures import Failure, from_oserror

# Version of the messages between commands and the supervisor; increase it when they change.
PROTOCOL = 2

# ".s.PGSQL.5432.lock" is the longest name beside a socket folder.
_SOCKET_FOLDER_LIMIT = 103 - len("/db/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class Layout:
    state: Path
    """Absolute; `.harness` in the project folder unless configured."""
    sockets: Path
    """Short; only its owner can enter."""

    @property
    def lock(self) -> Path:
        """Locked (flock) by the supervisor as long as it lives."""
        return self.state / "stack.lock"

    @property
    def kept(self) -> Path:
        """What is kept across starts: the ports and the socket folder."""
        return self.state / "stack.json"

    @property
    def keep(self) -> Path:
        """Exists while the stack should keep running (`harness up --detach`), even if its
        supervisor is killed."""
        return self.state / "stack.keep"

    @property
    def users(self) -> Path:
        """Locked (flock, shared) by each process that uses the stack."""
        return self.state / "stack.users"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def temporal_data(self) -> Path:
        return self.state / "temporal.db"

    @property
    def postgres_data(self) -> Path:
        return self.state / "postgres"

    @property
    def password(self) -> Path:
        return self.state / "postgres.password"

    @property
    def database_sockets(self) -> Path:
        return self.sockets / "db"

    @property
    def socket(self) -> Path:
        return self.sockets / "supervisor"


def layout_of(state_dir: Path, project: Path) -> Layout:
    """Return the layout of a project; creates nothing."""
    state = (project / state_dir).resolve()
    chosen = _socket_base() / hashlib.sha256(os.fsencode(state)).hexdigest()[:12]
    layout = Layout(state=state, sockets=chosen)
    # A command from cron or another login may have another XDG_RUNTIME_DIR than the one that
    # started the stack, so the recorded folder wins as long as it exists and is ours.
    recorded = read_kept(layout).get("sockets")
    if isinstance(recorded, str) and _is_private(Path(recorded)):
        return Layout(state=state, sockets=Path(recorded))
    return layout


def make_folders(layout: Layout) -> None:
    """Create the folders; raises Failure."""
    from harness.config.trust import make_state_folder  # not in what the supervisor loads

    doing = f"creating the state folder {layout.state}"
    try:
        make_state_folder(layout.state)
        _check_owner(layout.state)
        layout.state.chmod(0o700)  # it may have been created by hand, or with a lax umask
        layout.logs.mkdir(exist_ok=True, mode=0o700)
        ignore = layout.state / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        doing = f"creating the socket folder {layout.sockets}"
        make_private(layout.sockets.parent)
        make_private(layout.sockets)
        layout.database_sockets.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise from_oserror(error, doing) from error


def read_kept(layout: Layout) -> dict[str, Any]:
    try:
        value: Any = json.loads(layout.kept.read_text())
    except (OSError, ValueError):
        return {}  # nothing is lost: ports are picked again
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def write_kept(layout: Layout, values: dict[str, Any]) -> None:
    """Replace the kept values atomically. The caller must hold the lock."""
    write_private(layout.kept, json.dumps(values, indent=1))


def _socket_base() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and _is_private(Path(runtime)):
        base = Path(runtime) / "harness"
        if len(os.fsencode(base)) + 13 <= _SOCKET_FOLDER_LIMIT:
            return base
    # Short, and checked to be ours before it is used.
    return Path(f"/tmp/harness-{os.getuid()}")  # noqa: S108


def _check_owner(state: Path) -> None:
    """Refuse a folder that others can write to: they could make Postgres load a library."""
    from harness.config._owned import is_writable_by_others

    found = state.lstat()
    if found.st_uid == os.getuid() and not is_writable_by_others(found):
        return
    raise Failure(
        "start_failed",
        f"The state folder {state} must belong to this user and be writable by no one else.",
        f"If you created it: chmod go-w {state}. Else set HARNESS_STATE_DIR to another folder.",
    )


def make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if not _is_private(folder):
        raise Failure(
            "start_failed",
            f"{folder} must belong to this user alone (mode 0700): its sockets would be "
            "open to other users.",
            f"Remove it, or point XDG_RUNTIME_DIR to a private folder: rm -r {folder}",
        )


def _is_private(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.getuid()
        # 0711 is allowed, since an earlier version created folders with it.
        and stat.S_IMODE(found.st_mode) & 0o066 == 0
    )
