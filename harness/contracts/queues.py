"""Names of the task queues: one an agent, and one for each host that owns a workspace."""


def agent_queue(agent: str) -> str:
    return f"agent.{agent}"


def workspace_queue(agent: str, host: str) -> str:
    """Tools that change a folder run where the folder is."""
    return f"agent.{agent}.{host}"
