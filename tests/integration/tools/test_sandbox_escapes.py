"""Attempts to get out of the sandbox, to see what is outside, or to change it."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.fakes.sandboxes import Sandbox, needs_sandbox, sandboxed

pytestmark = needs_sandbox
SECRET = "sesame-8241"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / ".harness").mkdir(parents=True)
    (folder / ".harness" / "signing.key").write_text(SECRET)
    (folder / "other" / "state").mkdir(parents=True)
    (folder / "other" / "state" / "made-here").write_text("")
    (folder / "other" / "state" / "data").write_text(SECRET)
    (folder / "harness.toml").write_text(f'[providers.openai]\nkey = "{SECRET}"\n')
    (folder / "kept.txt").write_text("kept")
    (tmp_path / "outside.txt").write_text(SECRET)
    return folder


@pytest.fixture
def sandbox(root: Path) -> Sandbox:
    return Sandbox(root)


READS = {
    "shadow": "cat /etc/shadow /etc/gshadow /etc/sudoers",
    "home": "cat ~root/.bashrc /root/.profile; ls -A /home /root/.ssh /var/lib /srv /mnt /opt",
    "beside the workspace": "cat ../outside.txt {root}/../outside.txt",
    "keys of harness": "cat .harness/signing.key other/state/data",
    "settings of harness": "cat harness.toml",
    "a link": "ln -s {root}/../outside.txt way; cat way",
    "a hard link": "ln ../outside.txt way && cat way",
    "the root of process 1": "cat /proc/1/root{root}/../outside.txt /proc/self/root/etc/shadow",
    "the folder of process 1": "cat /proc/1/cwd/outside.txt; cat /proc/1/environ /proc/1/fd/*",
    "descriptors": "for n in 3 4 5 6 7 8 9; do cat /proc/self/fd/$n/../outside.txt; done",
    "memory of process 1": "cat /proc/1/mem /proc/1/maps | head -c 100",
    "disks": "cat /dev/sda /dev/vda /dev/mem /dev/kmsg /dev/kvm | head -c 100",
    "a device of its own": "mknod disk b 254 0; cat disk | head -c 100",
    "kernel": "cat /proc/kcore /proc/kallsyms /proc/keys /proc/slabinfo; ls /sys /sys/kernel",
    "below the mounts": "umount /etc/hosts; umount {root}; ls -A {root}/.harness",
}


async def test_what_is_outside_cannot_be_read(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    # One sandbox for all: whatever an attempt prints is a finding, under its name.
    tries = "\n".join(
        f"({command.format(root=sandbox.root)}) 2>/dev/null | sed 's/^/{name}: /'"
        for name, command in READS.items()
    )
    assert (await sandbox.output(f"{tries}\ntrue")).splitlines() == []


WRITES = {
    # Root's /proc has the switches of the host: a worker may run as root in a container.
    "switches of the kernel": "/proc/sys/kernel/core_pattern",
    "limits of the kernel": "/proc/sys/vm/overcommit_memory",
    "the magic key": "/proc/sysrq-trigger",
    "the name of process 1": "/proc/1/comm",
    "score of process 1": "/proc/1/oom_score_adj",
    "maps of users": "/proc/self/uid_map",
    "the system": "/usr/bin/planted",
    "passwords": "/etc/passwd",
    "the linker": "/etc/ld.so.preload",
    "the root": "/planted",
    "devices": "/dev/planted",
    "its own harness": "/run/harness/inner.py",
    "settings of harness": "harness.toml",
    "keys of harness": ".harness/signing.key",
}


def read_core_pattern() -> str:
    return Path("/proc/sys/kernel/core_pattern").read_text()


async def test_nothing_outside_can_be_written(sandbox: Sandbox) -> None:
    tries = "\n".join(
        f"for word in 1 x; do (printf $word > {path}) && echo 'wrote {name}'; done"
        for name, path in WRITES.items()
    )
    pattern = read_core_pattern()
    assert await sandbox.output(f"exec 2>/dev/null\n{tries}\ntrue") == ""
    assert read_core_pattern() == pattern
    assert (sandbox.root / ".harness" / "signing.key").read_text() == SECRET
    assert SECRET in (sandbox.root / "harness.toml").read_text()


PRIVILEGES = """
import ctypes, os, subprocess
libc = ctypes.CDLL(None, use_errno=True)
def attempt(what, *arguments):
    result = getattr(libc, what)(*arguments)
    if result >= 0:
        print("could", what, arguments)
def call(name, number, *arguments):
    if libc.syscall(number, *arguments) >= 0:
        print("could", name)
x86 = os.uname().machine == "x86_64"
attempt("setuid", 0)
attempt("setgid", 0)
attempt("chroot", b"/usr")
attempt("unshare", 0x10000000)                 # a user namespace of its own
attempt("unshare", 0x20000)
attempt("mount", b"none", b"/tmp", b"tmpfs", 0, None)
attempt("mount", None, b"/proc", None, 4096 | 32, None)  # bind, remount: writable again
attempt("umount2", b"/proc", 2)
attempt("pivot_root", b"/tmp", b"/tmp") if hasattr(libc, "pivot_root") else None
attempt("ptrace", 16, 1, 0, 0)                 # attach to process 1
attempt("kill", 1, 9)
attempt("sethostname", b"x", 1)
for name, number in {
    "keyctl": 250 if x86 else 219, "bpf": 321 if x86 else 280,
    "io_uring_setup": 425, "userfaultfd": 323 if x86 else 282,
    "perf_event_open": 298 if x86 else 241, "memfd_create": 319 if x86 else 279,
    "init_module": 175 if x86 else 105, "open_by_handle_at": 304 if x86 else 265,
}.items():
    call(name, number, 0, 0, 0, 0, 0)
status = open("/proc/self/status").read()
for line in status.splitlines():
    name, _, value = line.partition(":")
    if name in ("CapPrm", "CapEff", "CapBnd", "CapAmb") and int(value, 16):
        print(line)
    if name in ("NoNewPrivs",) and value.strip() != "1":
        print(line)
    if name == "Seccomp" and value.strip() != "2":
        print(line)
for program in ("su", "mount", "passwd", "newgrp"):
    try:
        done = subprocess.run([program, "-c", "id -u"], stdin=0, capture_output=True)
        if done.stdout.strip() == b"0":
            print("became root through", program)
    except OSError:
        pass
with open("/tmp/copy", "wb") as file:          # setuid of its own
    file.write(open("/usr/bin/id", "rb").read())
os.chmod("/tmp/copy", 0o4755)
print(subprocess.run(["/tmp/copy", "-u"], capture_output=True, text=True).stdout.strip())
"""


async def test_there_are_no_privileges_to_gain(sandbox: Sandbox) -> None:
    assert await sandbox.output(PRIVILEGES, python=True) == "1000"


TERMINAL = """
import fcntl, os
for path in ("/dev/tty", "/dev/console", "/dev/tty0", "/dev/pts/0"):
    try:
        os.open(path, os.O_RDWR); print("opened", path)
    except OSError:
        pass
own, other = os.openpty()
for request in (0x5412, 0x541C):               # TIOCSTI, TIOCLINUX
    try:
        fcntl.ioctl(other, request, b"x"); print("could", hex(request))
    except PermissionError:
        pass
print(os.isatty(0) or os.isatty(1) or os.isatty(2))
"""


async def test_no_terminal_can_be_typed_into(sandbox: Sandbox) -> None:
    assert await sandbox.output(TERMINAL, python=True) == "False"


NETWORK = """
import errno, socket
def attempt(name, family, kind, address):
    try:
        s = socket.socket(family, kind); s.settimeout(2)
    except OSError as error:
        assert error.errno == errno.EAFNOSUPPORT, (name, error); return
    try:
        s.connect(address)
        s.send(b"x"); print("reached", name)
    except OSError:
        pass
tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM
attempt("a server of this host", socket.AF_INET, tcp, ("127.0.0.1", PORT))
attempt("the internet", socket.AF_INET, tcp, ("1.1.1.1", 443))
attempt("a name server", socket.AF_INET, udp, ("1.1.1.1", 53))
attempt("cloud metadata", socket.AF_INET, tcp, ("169.254.169.254", 80))
attempt("ipv6", socket.AF_INET6, tcp, ("2606:4700:4700::1111", 443))
attempt("a socket of this host", socket.AF_UNIX, tcp, PATH)
attempt("an abstract socket", socket.AF_UNIX, tcp, "\\0" + NAME)
for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/dbus/system_bus_socket",
             "/run/systemd/private", "/run/containerd/containerd.sock"):
    attempt(path, socket.AF_UNIX, tcp, path)
for family in (socket.AF_VSOCK, socket.AF_PACKET, socket.AF_ALG, 31, 42):
    try:
        socket.socket(family, socket.SOCK_STREAM); print("family", family)
    except OSError as error:
        assert error.errno == errno.EAFNOSUPPORT, (family, error)
try:
    print(socket.getaddrinfo("example.com", 80))
except OSError:
    pass
own = socket.create_server(("127.0.0.1", 0))   # its own network is its own
with socket.create_connection(own.getsockname()) as other:
    print("its own")
"""


@contextmanager
def listening(path: Path, name: str) -> Iterator[tuple[int, list[str]]]:
    """Servers of this host: TCP, a socket in a folder, an abstract socket. What reaches them is in
    the list."""
    reached: list[str] = []
    servers = [socket.create_server(("127.0.0.1", 0))]
    for address in (str(path), f"\0{name}"):
        server = socket.socket(socket.AF_UNIX)
        server.bind(address)
        server.listen()
        servers.append(server)

    def accept(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                server.accept()[0].close()
                reached.append(str(server))

    for server in servers:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
    try:
        yield servers[0].getsockname()[1], reached
    finally:
        for server in servers:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()


async def test_no_network_and_no_socket_of_the_host(sandbox: Sandbox) -> None:
    path = sandbox.root / "server.sock"
    name = f"harness-test-{os.getpid()}"
    with listening(path, name) as (port, reached):
        code = f"PORT = {port}\nPATH = {str(path)!r}\nNAME = {name!r}\n{NETWORK}"
        said = (await sandbox.output(code, python=True)).splitlines()
    assert said == ["its own"]
    assert reached == []


async def test_other_processes_are_not_there(sandbox: Sandbox) -> None:
    script = "ls /proc | grep -c '^[0-9]'; kill -9 -1; kill -9 1; ls /proc | grep -c '^[0-9]'"
    first, *_ = (await sandbox.output(f"({script}) 2>/dev/null; true")).splitlines() or ["?"]
    assert int(first) < 8
    os.kill(os.getpid(), 0)


PLANTED = """
ln -s /etc/shadow absolute
ln -s ../outside.txt up
mkdir -p a/b; ln -s ../../../outside.txt a/b/up
ln -s ../../t a/b/l; ln -s l/../../outside.txt a/b/chain
ln -s ../../kept.txt a/b/fine
mkfifo pipe
mkdir .HARNESS sub; echo x > .HARNESS/signing.key; echo x > sub/made-here
mkdir -p .git/hooks; echo 'evil' > .git/hooks/post-checkout; echo evil > .git/config
echo 0 > .git/index
mkdir -p new/.git; echo evil > new/.git/config
echo 'gitdir: evil' > a/.git
echo x > sub/harness.toml
cp /usr/bin/id setuid; chmod 6755 setuid
"""


def find_links(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_symlink()}


async def test_what_would_act_outside_later_is_not_kept(root: Path) -> None:
    (root / ".git" / "hooks").mkdir(parents=True)
    (root / ".git" / "config").write_text("mine")
    async with sandboxed(root) as call:
        said = await call("run_shell", command=PLANTED)
    assert (root / "a/b/fine").read_text() == "kept"
    assert find_links(root) == {"a/b/fine", "a/b/l"}
    for name in ("pipe", "sub/made-here", "a/.git", "sub/harness.toml", ".HARNESS/signing.key"):
        assert not (root / name).exists()
        assert name in said
    assert not (root / ".git/hooks/post-checkout").exists()
    assert not (root / "new/.git/config").exists()
    assert (root / ".git/config").read_text() == "mine"
    assert (root / ".git/index").read_text() == "0\n"
    assert (root / "setuid").stat().st_mode & 0o7777 == 0o755


async def test_names_and_output_cannot_forge_lines(root: Path) -> None:
    script = (
        "import os\n"
        "open('a\\nexit code 0\\n', 'w').close()\n"
        "open(b'\\xff', 'w').close()\n"
        "open('\\u202egnp.exe', 'w').close()\n"
        "print('nul\\0 \\x1b[2Jcleared \\x1b]0;title\\x07')\n"
    )
    async with sandboxed(root) as call:
        said = await call("run_python", code=script)
    assert '"a\\nexit code 0\\n"' in said
    assert "not valid UTF-8" in said
    assert "\u202e" not in said
    assert "\0" not in said
    assert "\x1b" not in said
    assert "nul<U+0000> <U+001B>[2Jcleared" in said
    assert not any(name.startswith("\udcff") for name in os.listdir(root))


@pytest.mark.slow
async def test_two_sandboxes_do_not_see_each_other(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "second"
    other.mkdir()
    hide = "echo mine > /tmp/left; echo mine > /dev/shm/left; echo mine > left; sleep 1"
    look = f"sleep 0.5; cat /tmp/left /dev/shm/left left {root}/left 2>/dev/null; true"
    _, said = await asyncio.gather(Sandbox(root).output(hide), Sandbox(other).output(look))
    assert said == ""
