"""Names of the task queues: one for each agent, for each host that owns a workspace, and for each
capability with workflows of its own."""

ARCHIVE = "harness.archive"


def agent_queue(agent: str) -> str:
    return f"agent.{agent}"


def workspace_queue(agent: str, host: str) -> str:
    """Tools that change a folder run where the folder is."""
    return f"agent.{agent}.{host}"


def capability_queue(name: str, store: str) -> str:
    """The queue of a capability's own workflows and activities. Two stores that share a Temporal
    namespace have one each."""
    return f"harness.{name}.{store}"


def archive_queue(store: str) -> str:
    """The task queue of a store's sweep; also the name of its schedule and the prefix of its
    workflow ids."""
    return capability_queue("archive", store)
