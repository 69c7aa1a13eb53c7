"""Stands in for `python` on a command line: a warm interpreter does the work (see warm_python.py).

It hands over its descriptors, environment, folder and arguments, passes signals on, and ends as the
other process ends. It imports as little as it can, because every command of a test starts one.
"""

import marshal
import os
import signal
import socket
import sys

PASSED_ON = (
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGWINCH
)  # fmt: skip


def main() -> None:
    give_up_terminal()  # first: a blocked SIGHUP would only wait
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # until there is a process to pass them to
    opened = [fd for fd in (0, 1, 2) if is_open(fd)]
    server = socket.socket(socket.AF_UNIX)
    server.connect(sys.argv[1])
    asked = marshal.dumps((opened, os.getcwd(), dict(os.environb), sys.argv[2:]))
    socket.send_fds(server, [len(asked).to_bytes(8, "big")], opened or [server.fileno()])
    server.sendall(asked)
    pid = receive_number(server)
    for each in PASSED_ON:
        signal.signal(each, lambda number, _: pass_on(pid, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    code = receive_number(server)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def give_up_terminal() -> None:
    """A terminal belongs to one session: to that of the process that does the work."""
    if os.getsid(0) != os.getpid() or not os.isatty(0):
        return
    import fcntl
    import termios

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it comes with giving up
    fcntl.ioctl(0, termios.TIOCNOTTY)


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def pass_on(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def receive_number(server: socket.socket) -> int:
    content = b""
    while len(content) < 8:
        block = server.recv(8 - len(content))
        if not block:
            os._exit(125)
        content += block
    return int.from_bytes(content, "big", signed=True)


main()
