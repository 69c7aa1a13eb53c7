"""What an earlier supervisor left behind is distinguished from what is gone."""

from __future__ import annotations

import signal
import subprocess
import sys

from harness.stack.guard import end_orphan, is_ending, is_running
from tests.fakes.stack import lives, until


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/bin/sleep", "600"])


async def test_only_what_has_been_killed_and_is_not_gone_is_ending() -> None:
    child = sleeper()
    await until(lambda: is_running(child.pid, like="sleep"))
    assert not is_ending(child.pid)
    await end_orphan(child.pid, like="another program", signals=(signal.SIGKILL,))
    assert lives(child.pid)
    await end_orphan(child.pid, like="sleep", signals=(signal.SIGKILL,))
    assert not is_running(child.pid, like="sleep")
    if sys.platform == "linux":  # a zombie has no ports any more
        await until(lambda: not lives(child.pid))
    assert not is_ending(child.pid)
    child.wait()
    assert not is_ending(child.pid)
