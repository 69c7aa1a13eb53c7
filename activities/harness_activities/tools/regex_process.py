"""Regular expressions in a process of their own.

An expression can take for ever, and while it runs it lets no other thread of its process run: in a
worker it would stop every run. So a small process matches, and is killed when its time is up.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

from harness.contracts.errors import ToolError

_CHILD = Path(__file__).with_name("_regex_child.py")


class RegexProcess:
    """Sends contents to the process and reads the matching lines. Used from one thread."""

    def __init__(self, pattern: str, ignore_case: bool, seconds: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_CHILD), str(int(seconds) + 1)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={},
        )
        self._in = cast("IO[bytes]", self._process.stdin)
        self._out = cast("IO[bytes]", self._process.stdout)
        self._seconds = seconds
        self._timer = threading.Timer(seconds, self._process.kill)
        self._timer.daemon = True
        self._first = json.dumps({"pattern": pattern, "ignore_case": ignore_case})

    def __enter__(self) -> Self:
        self._timer.start()
        try:
            self._send(self._first.encode())
            problem = self._receive()
        except BaseException:
            self.close()
            raise
        if problem is not None:
            self.close()
            raise ToolError("failed", f"The regular expression is wrong: {problem}.")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def find(self, content: bytes, most: int) -> list[tuple[int, str]]:
        self._send(json.dumps({"most": most}).encode())
        self._send(content)
        return [(number, line) for number, line in cast("list[tuple[int, str]]", self._receive())]

    def close(self) -> None:
        self._timer.cancel()
        self._process.kill()
        self._process.wait()
        for pipe in (self._in, self._out):
            try:
                pipe.close()
            except BrokenPipeError:  # what was not sent before the kill
                continue

    def _send(self, data: bytes) -> None:
        try:
            self._in.write(len(data).to_bytes(4, "big") + data)
            self._in.flush()
        except BrokenPipeError:
            raise self._too_slow() from None

    def _receive(self) -> object:
        line = self._out.readline()
        if not line.endswith(b"\n"):
            raise self._too_slow()
        return json.loads(line)

    def _too_slow(self) -> ToolError:
        return ToolError(
            "timeout",
            f"The regular expression took longer than {self._seconds:g} s or too much memory: "
            "make it simpler, or search for a plain text.",
        )
