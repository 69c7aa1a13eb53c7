"""One child process, as its parent sees it. Used from one thread."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.commons.children.jobs import JOBS, PACKAGES
from harness.commons.children.limits import Limits
from harness.commons.log_content import guarded_logger, hide_if_discreet
from harness.contracts.errors import ToolError, ToolFailed, ToolTimeout, ToolUnavailable

_CHILD = Path(__file__).with_name("_child.py")
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/local/lib")
MEGA = 1024 * 1024
BLOCK = 1024 * 1024
MAX_ERROR = 64 * 1024
START_S = 30.0

log = guarded_logger("harness.children")


class Child:
    def __init__(self) -> None:
        self._pipe, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-X", "utf8", str(_CHILD)],
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                cwd="/", env={}, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            self._pipe.close()
            raise ToolUnavailable(f"A child process cannot be started: {error.strerror}.") from None
        finally:
            theirs.close()
        self._until = time.monotonic() + START_S
        self._leaves = False
        try:
            self._send_frames(_setup_frame())
            self._receive_bytes(9)
        except OSError as error:
            self.close()
            raise ToolUnavailable(f"A child process does not start: {error}.") from None

    @property
    def is_usable(self) -> bool:
        return not self._leaves and self._process.poll() is None

    def run_job(
        self, job: str, content: bytes, arguments: Mapping[str, Any], limits: Limits
    ) -> bytes:
        """Run a job and return its result. ToolError if it refuses or exceeds a limit; an exceeded
        limit ends the child."""
        if job not in JOBS:
            raise ValueError(f"{job!r} is not a job of the child processes")
        asked = {
            "target": job, "arguments": arguments, "seconds": limits.seconds,
            "memory_mb": limits.memory_mb,
        }  # fmt: skip
        self._until = time.monotonic() + limits.seconds
        try:
            self._send_frames(json.dumps(asked).encode(), content)
            letter = self._receive_bytes(1)
            size = int.from_bytes(self._receive_bytes(8), "big")
            fits = size <= (limits.answer_mb * MEGA if letter in b"rR" else MAX_ERROR)
            answer = self._receive_bytes(size) if fits else b""
        except TimeoutError:
            self.close()
            raise _took_too_long(limits) from None
        except OSError:
            raise self._explain_death(job, limits) from None
        self._leaves = letter in b"RE"
        if not fits:
            self.close()
            raise ToolFailed(f"The result exceeds {limits.answer_mb} MB.")
        if letter in b"rR":
            return answer
        raise _refusal_error(job, answer, limits)

    def close(self) -> None:
        self._leaves = True
        self._process.kill()
        self._process.wait()
        self._pipe.close()

    def _send_frames(self, *frames: bytes) -> None:
        heads = [len(frame).to_bytes(8, "big") + frame[:BLOCK] for frame in frames]
        for head, frame in zip(heads, frames, strict=True):
            self._set_timeout()
            self._pipe.sendall(head)
            if len(frame) > BLOCK:
                self._pipe.sendall(memoryview(frame)[BLOCK:])

    def _receive_bytes(self, size: int) -> bytes:
        content = bytearray()
        while len(content) < size:
            self._set_timeout()
            block = self._pipe.recv(min(BLOCK, size - len(content)))
            if not block:
                raise ConnectionResetError
            content += block
        return bytes(content)

    def _set_timeout(self) -> None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._pipe.settimeout(left)

    def _explain_death(self, job: str, limits: Limits) -> ToolError:
        self.close()
        if self._process.returncode == -signal.SIGXCPU:
            return _took_too_long(limits)
        log.warning("the child process of job %s died: exit code %s", job, self._process.returncode)
        return ToolFailed(
            f"The child process that ran it died (exit code {self._process.returncode}); "
            f"the limit is {limits.memory_mb} MB of memory. Give it less to do.",
        )


def _took_too_long(limits: Limits) -> ToolError:
    return ToolTimeout(
        f"It took longer than {limits.seconds:g} s and was stopped. Give it less to do.",
    )


def _refusal_error(job: str, answer: bytes, limits: Limits) -> ToolError:
    error = json.loads(answer)
    if error["kind"] == "broken":
        log.error("the job %s has a bug: %s", job, hide_if_discreet(str(error["message"])))
        return ToolFailed("The tool failed because of a bug in it; the worker's log has the error.")
    if error["kind"] == "memory":
        return ToolFailed(
            f"It needs more than {limits.memory_mb} MB of memory. Give it less to do."
        )
    return ToolFailed(str(error["message"]))


@functools.cache
def _setup_frame() -> bytes:
    """The set-up frame: the folders with code, the only ones that a child may read."""
    folders = [Path(_spec_folder(name)) for name in PACKAGES]
    installed = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    standard = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    return json.dumps(
        {
            "paths": list(dict.fromkeys([*(str(each.parent) for each in folders), *installed])),
            "packages": PACKAGES,
            "readable": [
                *dict.fromkeys([*map(str, folders), *installed, *standard, *_LIBRARIES]),
                os.path.realpath(sysconfig.get_config_var("LIBDIR") or "/usr/lib"),
            ],
        }
    ).encode()


def _spec_folder(package: str) -> str:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(package)
    return spec.submodule_search_locations[0]
