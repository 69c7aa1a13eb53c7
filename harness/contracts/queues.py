"""Names of the task queues: one an agent, one for each host that owns a workspace, one a store's
archive."""

ARCHIVE = "harness.archive"


def agent_queue(agent: str) -> str:
    return f"agent.{agent}"


def workspace_queue(agent: str, host: str) -> str:
    """Tools that change a folder run where the folder is."""
    return f"agent.{agent}.{host}"


def archive_queue(store: str) -> str:
    """Where the sweep of a store is served; the name of its schedule too, and the beginning of the
    ids of its workflows."""
    return f"{ARCHIVE}.{store}"
