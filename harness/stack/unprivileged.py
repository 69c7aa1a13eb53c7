"""Run Postgres as another user if harness runs as root, which Postgres refuses.

In a user namespace root appears as another user, and data may be in any folder. Without user
namespaces (many containers), Postgres runs as `nobody`. Its folders are inside ours, which stay
closed to others: it inherits each as an open file, and reaches it by `/proc/self/fd`.
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
    """Precedes the command."""
    user: int | None = None

    def take_ownership(self, path: Path) -> None:
        """Give data to the user that Postgres runs as; an earlier start may have used another."""
        owner, found = self.user or 0, path.lstat().st_uid
        if os.geteuid() == 0 and found != owner:
            if found not in (0, _nobody_uid()):
                raise Failure(
                    "start_failed",
                    f"{path} belongs to user id {found}, and its configuration can run programs.",
                    f"If you trust its content: chown -R root {path}",
                )
            for inner in (path, *path.rglob("*")):
                os.lchown(inner, owner, -1)

    def hand_over(self, folder: Path, handed: list[int]) -> str:
        """Return the path of `folder` for Postgres; appends the inherited file to `handed`."""
        if self.user is None:
            return str(folder)
        handed.append(os.open(folder, os.O_PATH | os.O_DIRECTORY))
        return f"/proc/self/fd/{handed[-1]}"

    def cannot_enter(self, *folders: Path) -> str | None:
        """Return the first folder that it cannot enter; None if it can enter all."""
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
        # Without output, the prefix itself was refused.
        return None if tried.returncode == 0 else tried.stdout.strip() or "any folder"


def _nobody_uid() -> int:
    return pwd.getpwnam("nobody").pw_uid


def choose_runner(layout: Layout, binaries: Path) -> Runner:
    if os.geteuid() != 0:
        return Runner()
    folders = (layout.state, layout.database_sockets, binaries)
    unshare = shutil.which("unshare")
    if unshare is not None:
        namespaced = Runner(prefix=(unshare, "--user", "--map-user=65534", "--"))
        if namespaced.cannot_enter(*folders) is None:
            namespaced.take_ownership(layout.database_sockets)
            return namespaced
    nobody = Runner(user=_nobody_uid())
    for folder in (layout.sockets.parent, layout.sockets):
        folder.chmod(0o700)  # an earlier version was more open
    nobody.take_ownership(layout.database_sockets)
    closed = nobody.cannot_enter(binaries)
    if closed is not None or sys.platform != "linux":
        raise Failure(
            "start_failed",
            "Postgres does not run as root; user namespaces are disabled here, "
            f"and the user nobody cannot enter {closed or layout.state}.",
            "Run harness as an ordinary user, make the parent folders of "
            f"{closed or binaries} accessible (chmod o+x), or set DATABASE_URL.",
        )
    return nobody
