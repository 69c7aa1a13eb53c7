"""What a sandbox sees of the host: the system to read, the workspace, and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.contracts.errors import ToolFailed
from harness.tools.files.confine import STATE_FOLDER, STATE_MARKS

INNER = Path(__file__).with_name("_inner.py")
RUN = "/run/harness"
HOME, SHM = "/tmp", "/dev/shm"  # noqa: S108 - the sandbox's own
SYSTEM = ("/usr", "/nix/store")
LINKED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
ETC = (
    "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
    "/etc/localtime", "/etc/ssl/certs",
)  # fmt: skip
MASKED = (
    "acpi", "config.gz", "kallsyms", "kcore", "key-users", "keys", "kmsg", "latency_stats",
    "sched_debug", "scsi", "slabinfo", "timer_list", "vmallocinfo",
)  # fmt: skip
"""Of /proc: what tells about the host, and is no use to a command."""
OWN = (
    "/", "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys",
    "/usr", "/var",
)  # fmt: skip
FILES = {
    "passwd": "root:x:0:0::/:/bin/sh\nsandbox:x:1000:1000::/tmp:/bin/sh\n",
    "group": "root:x:0:\nsandbox:x:1000:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
EMPTY = "empty"
HIDDEN_FILES = ("harness.toml",)
MAX_SCANNED = 1_000_000
SHM_BYTES = 64 * 1024 * 1024


def find_interpreter() -> Path:
    """Return the interpreter without its virtual environment, whose packages are the worker's."""
    return Path(os.path.realpath(sys.executable))


def check_workspace(workspace: Path) -> None:
    """Refuse folders that the sandbox itself needs."""
    if str(workspace) in OWN or str(workspace).startswith(("/dev/", "/proc/", "/sys/")):
        raise ToolFailed(
            f"A sandbox cannot work in {workspace}: it contains the system.",
            fix="Start the run with another workspace.",
        )


def find_hidden(workspace: Path) -> Iterator[Path]:
    """Find what commands must not see: harness's own folders, under any name, and its settings."""
    todo, seen = [workspace], 0
    while todo:
        folder = todo.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:  # not readable by commands either
            continue
        seen += len(entries)
        if seen > MAX_SCANNED:
            raise ToolFailed(f"The workspace has more than {MAX_SCANNED:,} files.")
        names = {entry.name for entry in entries}
        if folder.name.lower() == STATE_FOLDER or names.intersection(STATE_MARKS):
            if folder == workspace:
                raise ToolFailed("The workspace is harness's own folder. Choose another.")
            yield folder
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                todo.append(Path(entry.path))
            elif entry.name in HIDDEN_FILES and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def make_argv(
    bubblewrap: Path, workspace: Path, scratch: Path, readable: Sequence[Path], disk_mb: int
) -> list[str]:
    """Make bubblewrap's command line, up to the arguments of process 1."""
    interpreter = find_interpreter()
    disk = str(disk_mb * 1024 * 1024)
    return [
        str(bubblewrap), "--unshare-all", "--unshare-user", "--disable-userns", "--as-pid-1",
        "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
        "--uid", "1000", "--gid", "1000", "--hostname", "sandbox",
        *_bind_system(interpreter),
        *_bind_etc(scratch),
        "--proc", "/proc", *_mask_proc(scratch), "--remount-ro", "/proc",
        "--dev", "/dev", "--size", str(SHM_BYTES), "--tmpfs", SHM, "--remount-ro", "/dev",
        "--size", disk, "--tmpfs", HOME,
        *(word for path in readable for word in ("--ro-bind", str(path), str(path))),
        "--bind", str(scratch / "stage" / "view"), str(workspace),
        *_hide(workspace, scratch),
        "--ro-bind", str(INNER), f"{RUN}/inner.py",
        "--remount-ro", "/", "--chdir", "/",
        str(interpreter), "-I", "-S", f"{RUN}/inner.py",
    ]  # fmt: skip


def write_etc(scratch: Path) -> None:
    """Write the files of the sandbox's own /etc."""
    for name, content in {**FILES, EMPTY: ""}.items():
        (scratch / name).write_text(content)


def _bind_system(interpreter: Path) -> Iterator[str]:
    for path in SYSTEM:
        if Path(path).is_dir():
            yield from ("--ro-bind", path, path)
    for path in LINKED:
        if Path(path).is_symlink():
            yield from ("--symlink", str(Path(path).readlink()), path)
        elif Path(path).is_dir():
            yield from ("--ro-bind", path, path)
    prefix = Path(os.path.realpath(sys.base_prefix))
    for each in dict.fromkeys((prefix, interpreter.parent)):
        if not any(each.is_relative_to(path) for path in (*SYSTEM, *LINKED)):
            yield from ("--ro-bind", str(each), str(each))


def _bind_etc(scratch: Path) -> Iterator[str]:
    for path in ETC:
        yield from ("--ro-bind-try", path, path)
    for name in FILES:
        yield from ("--ro-bind", str(scratch / name), f"/etc/{name}")


def _mask_proc(scratch: Path) -> Iterator[str]:
    for name in MASKED:
        path = Path("/proc") / name
        if path.is_dir():
            yield from ("--tmpfs", str(path), "--remount-ro", str(path))
        elif path.exists():
            yield from ("--ro-bind", str(scratch / EMPTY), str(path))


def _hide(workspace: Path, scratch: Path) -> Iterator[str]:
    for path in find_hidden(workspace):
        if path.name in HIDDEN_FILES:
            yield from ("--ro-bind", str(scratch / EMPTY), str(path))
        else:
            yield from ("--size", "4096", "--tmpfs", str(path), "--remount-ro", str(path))
