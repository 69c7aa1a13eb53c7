"""Identify a worker: its process, and the code that it runs."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from harness.commons.git_commit import read_commit
from harness.engine.connection import get_identity
from harness.version import __version__

COMMIT_CHARS = 12


@cache
def get_build_id(project: Path) -> str:
    """Return the version of harness and the project's commit when the process began to serve.
    Workers are unversioned: Temporal shows the build id but does not route tasks by it. Without
    one, the SDK hashes the code of all loaded modules, which takes 1.7 s of CPU."""
    commit = read_commit(project)
    return f"harness-{__version__}" + (f"+git.{commit[:COMMIT_CHARS]}" if commit else "")


def get_process_name() -> str:
    """Return user@host/pid, under which Temporal records who took a task."""
    return f"{get_identity()}/{os.getpid()}"
