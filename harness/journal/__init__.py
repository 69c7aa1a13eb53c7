"""What happened in a run, read from the engine's history: a pure function, no second log.

The same projection serves the live stream, the trace, the command, the page and the archive.
"""

from harness.journal.chain import Execution, project_chain
from harness.journal.projector import Projector, project

VERSION = 1
"""Of the rules: what was projected by others may read differently."""

__all__ = ["VERSION", "Execution", "Projector", "project", "project_chain"]
