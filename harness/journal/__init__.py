"""Project the events of a run from Temporal's history: a pure function, no second log.

The live stream, the trace, commands, pages and the archive all use this projection.
"""

from harness.journal.chain import Execution, project_chain
from harness.journal.projector import Projector, project

VERSION = 1
"""Version of the rules: other versions may project other events."""

__all__ = ["VERSION", "Execution", "Projector", "project", "project_chain"]
