"""What a worker says of itself: which process it is, and which code it runs."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from harness.commons.git_commit import read_commit
from harness.engine.connection import get_identity
from harness.version import __version__

COMMIT_CHARS = 12


@cache
def build_id(project: Path) -> str:
    """The version of harness, and the commit that the project was at when the process began to
    serve. Workers are unversioned: the engine shows it, and routes no task by it. Where a worker
    has none, the SDK hashes the code of all loaded modules: 1.7 s of CPU."""
    commit = read_commit(project)
    return f"harness-{__version__}" + (f"+git.{commit[:COMMIT_CHARS]}" if commit else "")


def process_name() -> str:
    """user@host/pid: under which the engine records who took a task."""
    return f"{get_identity()}/{os.getpid()}"
