"""Makes the sandbox around a command: run by path, so it imports only the standard library.

In namespaces of its own, it mounts a tmpfs of limited size, and an overlay of the workspace whose
changes go there. It then starts bubblewrap over that overlay, and writes what changed into its
folder: `report.json` and `content`, the bytes of all changed files.
"""

import ctypes
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 2, 4, 0x4000, 0x40000
PR_SET_PDEATHSIG = 1
INODES = 50_000
BLOCK = 1024 * 1024
PIDS = 512
"""Lower limits of the kernel start at 301."""
LIBC = ctypes.CDLL(None, use_errno=True)


class StepError(Exception):
    """A step that this host refuses."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(step)
        self.step, self.reason = step, reason


def check(result: int, step: str) -> None:
    if result != 0:
        raise StepError(step, os.strerror(ctypes.get_errno()))


def main() -> None:
    asked = json.loads(Path("request.json").read_text())
    Path("request.json").unlink()  # it may have secrets, and the worker may die
    try:
        enter_namespaces()
        child = os.fork()
        if child == 0:
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            os._exit(run_inside(asked))
        os.waitpid(child, 0)
    except StepError as error:
        write_report({"step": error.step, "reason": error.reason})


def run_inside(asked: "dict[str, Any]") -> int:
    """Run the sandbox as process 1 of the pid namespace: when it ends, all processes do."""
    try:
        limit_pids()
        mount_view(asked)
        write_report(run_sandbox(asked) | collect_changes(asked))
    except StepError as error:
        write_report({"step": error.step, "reason": error.reason})
    return 0


def enter_namespaces() -> None:
    uid, gid = os.getuid(), os.getgid()
    flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID
    check(LIBC.unshare(flags), "user namespace")
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    except OSError as error:
        raise StepError("user namespace", error.strerror or "refused") from None


def limit_pids() -> None:
    """Limit the processes of this namespace, from Linux 6.14: root has no RLIMIT_NPROC."""
    try:
        Path("/proc/sys/kernel/pid_max").write_text(str(PIDS))
    except OSError:
        return  # process 1 of the sandbox counts processes as well


def mount_view(asked: "dict[str, Any]") -> None:
    lower = os.open(asked["workspace"], os.O_PATH | os.O_DIRECTORY)
    check(LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount namespace")
    size = f"size={asked['disk_mb']}m,nr_inodes={INODES},mode=700"
    flags = MS_NOSUID | MS_NODEV
    check(LIBC.mount(b"tmpfs", b"stage", b"tmpfs", flags, size.encode()), "tmpfs")
    os.chdir("stage")
    for name in ("upper", "work", "view"):
        Path(name).mkdir()
    probe_attributes()
    os.chmod("upper", stat.S_IMODE(os.fstat(lower).st_mode))  # noqa: PTH101
    # The workspace by its descriptor: its path may contain what overlay options cannot.
    options = f"lowerdir=/proc/self/fd/{lower},upperdir=upper,workdir=work,userxattr"
    check(LIBC.mount(b"overlay", b"view", b"overlay", flags, options.encode()), "overlay")
    os.chdir("..")
    os.close(lower)


def probe_attributes() -> None:
    """Without user attributes on tmpfs, a folder that was deleted could not be made again."""
    try:
        os.setxattr("upper", "user.overlay.test", b"y")
        os.removexattr("upper", "user.overlay.test")
    except OSError as error:
        raise StepError("tmpfs attributes", error.strerror or "refused") from None


def run_sandbox(asked: "dict[str, Any]") -> "dict[str, Any]":
    status, ours = os.pipe()
    request = os.memfd_create("request", 0)
    os.write(request, json.dumps(asked["inner"]).encode())
    os.lseek(request, 0, os.SEEK_SET)
    argv = [*asked["argv"], str(request), str(ours)]
    try:
        process = subprocess.Popen(argv, pass_fds=(request, ours), stdin=subprocess.DEVNULL)
    except OSError as error:
        raise StepError("bubblewrap", error.strerror or "refused") from None
    os.close(ours)
    os.close(request)
    said = b""
    while block := os.read(status, 4096):
        said += block
    process.wait()
    if not said:
        raise StepError("bubblewrap", f"it ended with exit code {process.returncode}")
    lines = [json.loads(line) for line in said.splitlines()]
    return lines[-1] if len(lines) > 1 else {"code": 137, "limit": "killed"}


def collect_changes(asked: "dict[str, Any]") -> "dict[str, Any]":
    """List what is in the upper folder of the overlay, and copy the bytes of its files."""
    entries: list[dict[str, Any]] = []
    size = 0
    todo = [("", os.open("stage/upper", os.O_RDONLY | os.O_DIRECTORY))]
    with open("content", "wb") as content:  # noqa: PTH123 - what others import is too slow here
        while todo:
            path, folder = todo.pop()
            for name in sorted(each.name for each in os.scandir(folder)):
                entry = describe_entry(folder, name, f"{path}{name}")
                entries.append(entry)
                if len(entries) > asked["entries"]:
                    return {"over": "entries"}
                if entry["kind"] == "folder" and path.count("/") < asked["depth"]:
                    below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=folder)
                    todo.append((f"{path}{name}/", below))
                elif entry["kind"] == "folder":
                    return {"over": "depth"}
                elif entry["kind"] == "file":
                    size += entry["size"]
                    if size > asked["content"]:
                        return {"over": "content"}
                    entry["at"] = content.tell()
                    copy_file(folder, name, content)
            os.close(folder)
    return {"entries": entries}


def describe_entry(folder: int, name: str, path: str) -> "dict[str, Any]":
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    mode = stat.S_IMODE(found.st_mode)
    entry: dict[str, Any] = {"path": path, "kind": "other", "mode": mode}
    if stat.S_ISCHR(found.st_mode) and found.st_rdev == 0:
        entry["kind"] = "gone"
    elif stat.S_ISREG(found.st_mode):
        entry |= {"kind": "file", "size": found.st_size}
    elif stat.S_ISLNK(found.st_mode):
        entry |= {"kind": "link", "target": os.readlink(name, dir_fd=folder)}
    elif stat.S_ISDIR(found.st_mode):
        entry |= {"kind": "folder", "opaque": is_opaque(folder, name)}
    return entry


def is_opaque(folder: int, name: str) -> bool:
    """Whether the folder replaces one of the workspace, whose content is gone."""
    below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=folder)
    try:
        return os.getxattr(below, "user.overlay.opaque") == b"y"
    except OSError:
        return False
    finally:
        os.close(below)


def copy_file(folder: int, name: str, content: Any) -> None:
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
    while block := os.read(file, BLOCK):
        content.write(block)
    os.close(file)


def write_report(report: "dict[str, Any]") -> None:
    Path("report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    sys.exit(main())
