"""Where the local stack of a project lies.

Data, logs and the lock are in the project's state folder. Unix sockets are elsewhere: their paths
may be at most 107 bytes long (103 on macOS), and project folders are not short.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from harness.stack.failures import Failure, from_oserror

# What a command and the supervisor say to each other; raise it when that changes.
PROTOCOL = 2

# ".s.PGSQL.5432.lock" is the longest name beside a socket folder.
_SOCKET_FOLDER_LIMIT = 103 - len("/db/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class Layout:
    state: Path
    """Absolute; `.harness` in the project folder unless configured."""
    sockets: Path
    """Short; only its owner may enter."""

    @property
    def lock(self) -> Path:
        """Held (flock) by the supervisor for as long as it lives."""
        return self.state / "stack.lock"

    @property
    def kept(self) -> Path:
        """What stays the same from start to start: the ports, and where the sockets are."""
        return self.state / "stack.json"

    @property
    def keep(self) -> Path:
        """There while somebody wants the stack to stay (`harness up --detach`), also when its
        supervisor is killed."""
        return self.state / "stack.keep"

    @property
    def users(self) -> Path:
        """Held (flock, shared) by each process that uses the stack, for as long as it does."""
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
    """The layout of a project; touches nothing."""
    state = (project / state_dir).resolve()
    chosen = _socket_base() / hashlib.sha256(os.fsencode(state)).hexdigest()[:12]
    layout = Layout(state=state, sockets=chosen)
    # A command from cron or another login may see another XDG_RUNTIME_DIR than the one which
    # started the stack, so the recorded place wins as long as it is there and is ours.
    recorded = read_kept(layout).get("sockets")
    if isinstance(recorded, str) and _is_private(Path(recorded)):
        return Layout(state=state, sockets=Path(recorded))
    return layout


def prepare(layout: Layout) -> None:
    """Make the folders; raises Failure."""
    from harness.config.trust import make_state_folder  # not in what the supervisor loads

    doing = f"creating the state folder {layout.state}"
    try:
        make_state_folder(layout.state)
        _check_owner(layout.state)
        layout.state.chmod(0o700)  # it may have been made by hand, or by a lax umask
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
        return {}  # nothing is lost: ports are picked anew
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def write_kept(layout: Layout, values: dict[str, Any]) -> None:
    """Replace what is kept, in one step. Only who holds the lock may call it."""
    write_private(layout.kept, json.dumps(values, indent=1))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _socket_base() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and _is_private(Path(runtime)):
        base = Path(runtime) / "harness"
        if len(os.fsencode(base)) + 13 <= _SOCKET_FOLDER_LIMIT:
            return base
    # Short, and checked to be ours before it is used.
    return Path(f"/tmp/harness-{os.getuid()}")  # nosec B108


def _check_owner(state: Path) -> None:
    """Whoever else could write to it could have Postgres load a library of theirs."""
    from harness.config._owned import is_writable_by_others

    found = state.lstat()
    if found.st_uid == os.getuid() and not is_writable_by_others(found):
        return
    raise Failure(
        "start_failed",
        f"The state folder {state} must belong to this user, and nobody else may write to it.",
        f"If you made it: chmod go-w {state}. Else set HARNESS_STATE_DIR to a folder of yours.",
    )


def make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if not _is_private(folder):
        raise Failure(
            "start_failed",
            f"{folder} must belong to this user alone (mode 0700): its sockets would be "
            "open to others.",
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
        # Passing through (0711) is allowed: what an earlier version made must be found again.
        and stat.S_IMODE(found.st_mode) & 0o066 == 0
    )
