"""What happens in a run and in which order. Deterministic: no I/O, no clock, no settings.

One workflow a file; everything that touches the world is an activity, called by the signatures in
`harness.contracts.activities`.
"""

from harness_workflows.run.agent_run import AgentRun
from harness_workflows.sweep import Sweep
from harness_workflows.undo import Undo

WORKFLOWS = [AgentRun, Undo, Sweep]

__all__ = ["WORKFLOWS", "AgentRun", "Sweep", "Undo"]
