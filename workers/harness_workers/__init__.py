"""The workers of a process: which task queues it serves, and with how many slots."""

from harness_workers.worker import AgentWorker, serve

__all__ = ["AgentWorker", "serve"]
