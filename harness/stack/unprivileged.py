"""Postgres refuses to run as root: what it runs as instead.

In a user namespace root looks like somebody else, and its data may lie in any folder. Where user
namespaces are closed (many containers), Postgres runs as `nobody`. Its folders lie in ours, which
stay closed to others: it inherits each as an open file, and goes there by `/proc/self/fd`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.stack.failures import Failure
from harness.stack.layout import Layout
from harness.stack.part import clean_environment


@dataclass(frozen=True)
class Runner:
    prefix: tuple[str, ...] = ()
    """What stands before the command."""
    user: int | None = None

    def own(self, path: Path) -> None:
        """Give data to whom Postgres runs as; an earlier start may have differed."""
        owner, found = self.user or 0, path.lstat().st_uid
        if os.geteuid() == 0 and found != owner:
            if found not in (0, _nobody()):
                raise Failure(
                    "start_failed",
                    f"{path} belongs to user id {found}, and Postgres runs what it configures.",
                    f"If you trust its content: chown -R root {path}",
                )
            for inner in (path, *path.rglob("*")):
                os.lchown(inner, owner, -1)

    def hand_over(self, folder: Path, handed: list[int]) -> str:
        """The path by which Postgres reaches `folder`; `handed` gets the file that it inherits."""
        if self.user is None:
            return str(folder)
        handed.append(os.open(folder, os.O_PATH | os.O_DIRECTORY))
        return f"/proc/self/fd/{handed[-1]}"

    def cannot_enter(self, *folders: Path) -> str | None:
        """The first folder that is closed to it; None when all are open."""
        each = 'for f in "$@"; do cd "$f" || { echo "$f"; exit 1; }; done'
        tried = subprocess.run(
            [*self.prefix, "/bin/sh", "-c", each, "sh", *map(str, folders)],
            user=self.user,
            cwd="/",
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        # Nothing is said where the prefix itself is refused.
        return None if tried.returncode == 0 else tried.stdout.strip() or "any folder"


def _nobody() -> int:
    return pwd.getpwnam("nobody").pw_uid


def choose_runner(layout: Layout, binaries: Path) -> Runner:
    if os.geteuid() != 0:
        return Runner()
    folders = (layout.state, layout.database_sockets, binaries)
    unshare = shutil.which("unshare")
    if unshare is not None:
        namespaced = Runner(prefix=(unshare, "--user", "--map-user=65534", "--"))
        if namespaced.cannot_enter(*folders) is None:
            namespaced.own(layout.database_sockets)
            return namespaced
    nobody = Runner(user=_nobody())
    for folder in (layout.sockets.parent, layout.sockets):
        folder.chmod(0o700)  # an earlier version let others pass
    nobody.own(layout.database_sockets)
    closed = nobody.cannot_enter(binaries)
    if closed is not None or sys.platform != "linux":
        raise Failure(
            "start_failed",
            "Postgres does not run as root; user namespaces are closed here, "
            f"and the user nobody cannot enter {closed or layout.state}.",
            "Run harness as an ordinary user, let others pass through the parent folders of "
            f"{closed or binaries} (chmod o+x), or set DATABASE_URL.",
        )
    return nobody
