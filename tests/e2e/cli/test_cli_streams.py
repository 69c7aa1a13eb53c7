"""Commands whose output cannot be written, or whose input is not text: a message, no traceback."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.fakes.command import harness_command

FULL = "harness: The output cannot be written: No space left on device."
CLOSED = "harness: The output cannot be written: Bad file descriptor."


def shell(line: str, folder: Path, typed: bytes = b"") -> tuple[int, str]:
    """`h` is harness; what it says on stderr goes to the file `err`."""
    script = f'h() {{ {shlex.join(harness_command())} "$@"; }}\n{line}'
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, input=typed, capture_output=True, timeout=120
    )
    return done.returncode, done.stderr.decode()


REFUSED = [
    ("h version >/dev/full", 1, FULL),
    ("h --help >/dev/full", 1, FULL),
    ("h models --json >/dev/full", 1, FULL),
    ("h tools >/dev/full", 1, FULL),
    ("h --completion bash >/dev/full", 1, FULL),
    ("h config >&-", 1, CLOSED),
    ("h models --json >&-", 1, CLOSED),
    ("h tools | true; exit ${PIPESTATUS[0]}", 141, ""),
    ("h nothing 2>/dev/full", 2, ""),
    ("h nothing 2>&-", 2, ""),
    ("h version >&- 2>&-", 1, ""),
    ("h version <&- >/dev/null", 0, ""),
    ("h run $'caf\\xe9'", 2, r"Argument 2 is not valid UTF-8: 'caf\udce9'."),
    ("h $'\\xff' --json >/dev/null", 2, ""),
    ("h run", 2, "The prompt on stdin is not valid UTF-8 at byte 3."),
    ("h run $'\\x1b[2J' --agent $'\\x1b]52;c;aaaa\\a.py:a'", 2, "<U+001B>]52;c;aaaa<U+0007>.py"),
]


@pytest.mark.parametrize(("line", "code", "words"), REFUSED, ids=[line for line, *_ in REFUSED])
def test_a_message_and_no_traceback(line: str, code: int, words: str, tmp_path: Path) -> None:
    ended, said = shell(line, tmp_path, b"caf\xe9\n")
    assert ended == code, said
    assert words in said
    assert said.count("cannot be written") <= 1
    assert "Traceback" not in said
    assert "\x1b" not in said
    assert words or not said
