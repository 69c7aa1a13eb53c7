"""What tests start instead of `python` behaves as `python` does."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.command import Terminal
from tests.fakes.stack import lives, until
from tests.fakes.warm_python import warm_python

SCRIPTS = {
    "exit code": "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)",
    "signal": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "input and arguments": "import sys; print(sys.argv, sys.stdin.read())",
    "environment": "import os; print(os.getcwd(), os.environ['ONE'], sorted(os.environ))",
    "descriptors": "import os; print([fd for fd in range(64) if os.path.exists(f'/dev/fd/{fd}')])",
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=list(SCRIPTS))
def test_it_ends_as_python_does(script: str, tmp_path: Path) -> None:
    def ended(command: list[str]) -> tuple[int, str, str]:
        done = subprocess.run(
            command, cwd=tmp_path, env={"ONE": "1", "LC_CTYPE": "C.UTF-8"}, input="typed",
            capture_output=True, text=True,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    plain = ended([sys.executable, "-c", script, "word"])
    assert ended(warm_python("-c", script, "word")) == plain


def test_signals_reach_it_and_it_dies_with_its_client() -> None:
    script = "import os, signal; print(os.getpid(), flush=True); signal.pause()"
    for number, code in ((signal.SIGTERM, -signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)):
        with subprocess.Popen(warm_python("-c", script), stdout=subprocess.PIPE) as process:
            assert process.stdout
            pid = int(process.stdout.readline())
            process.send_signal(number)
            assert process.wait() == code
        asyncio.run(until(lambda pid=pid: not lives(pid)))


def test_it_has_the_terminal(tmp_path: Path) -> None:
    script = (
        "import signal; open('/dev/tty').close()\n"
        "try: print('> ', flush=True); signal.pause()\n"
        "except KeyboardInterrupt: print('interrupted')"
    )
    terminal = Terminal(warm_python("-c", script), tmp_path)
    terminal.until("> ")
    terminal.type("\x03")
    terminal.until("interrupted")
    assert terminal.end() == 0
