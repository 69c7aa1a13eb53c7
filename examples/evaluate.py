"""An agent, and a check of its answers, for the evaluation in evaluate.toml.

harness eval examples/evaluate.toml
"""

from harness import Agent, Observed, tool


@tool(effect="read")
def add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b


agent = Agent("calculator", instructions="Use the tool to calculate.", tools=[add])


def is_brief(seen: Observed) -> tuple[bool, str]:
    """Whether the answer is short."""
    return len(seen.output) < 200, f"{len(seen.output)} characters"
