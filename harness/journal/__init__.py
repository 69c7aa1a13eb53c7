"""What happened in a run, read from the engine's history: a pure function, no second log.

The same projection serves the live stream, the trace, the command, the page and the archive.
"""

from harness.journal.projector import Projector, project

__all__ = ["Projector", "project"]
