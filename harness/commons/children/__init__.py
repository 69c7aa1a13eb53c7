"""Runs functions over hostile input in a small pool of sandboxed child processes.

Whatever a model, a server or a file can make slow or large runs here, not in the worker.
A call that exceeds its limits is killed; the worker's event loop never waits for it.
"""

from harness.commons.children.jobs import Job
from harness.commons.children.limits import Limits
from harness.commons.children.pool import close_children, run_in_child, wait_for_child
from harness.commons.children.turns import caller

__all__ = ["Job", "Limits", "caller", "close_children", "run_in_child", "wait_for_child"]
