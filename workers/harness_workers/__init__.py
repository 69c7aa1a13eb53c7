"""Which process serves which queue, how wide, and for how long it lives."""

from harness_workers.worker import AgentWorker, serve

__all__ = ["AgentWorker", "serve"]
