"""Describe the agent of a run, as it was when the run started."""

from __future__ import annotations

from harness.contracts.base import Word
from harness.contracts.clean_text import clean_markdown, clean_text, clip_text, code_markdown
from harness.contracts.model import AgentSpec
from harness.contracts.run import RunSpec
from harness.contracts.tool import ToolPolicy

SHOWN_INSTRUCTIONS = 4000
SHOWN_TOOLS = 100
WRITTEN = "(a function writes them for each run: see its first model call)"


class AgentSummary(Word):
    """The agent that a run pinned at its start."""

    models: tuple[str, ...]
    """In the order in which they are tried."""
    tools: tuple[str, ...]
    """Each with its effect."""
    instructions: str
    spec: str
    """Hash of the whole spec, schemas included: runs with the same one had the same agent."""

    @property
    def plan(self) -> str:
        return ", then ".join(self.models)

    def markdown(self) -> str:
        """Format the summary for the run's details on Temporal's page, counting what is cut off."""
        more = len(self.tools) - SHOWN_TOOLS
        tools = ", ".join(self.tools[:SHOWN_TOOLS]) + (f" and {more} more" if more > 0 else "")
        rows = [f"Models: {code_markdown(self.plan)}"]
        rows += [f"Tools: {clean_markdown(tools or 'none')}", f"Spec: {code_markdown(self.spec)}"]
        if self.instructions.strip():
            rows += ["Instructions:", _as_code(self.instructions)]
        return "\n\n".join(rows)


def summarize_agent(run: RunSpec, agent: AgentSpec) -> AgentSummary:
    models = (run.model,) if run.override else tuple(each.model for each in agent.plan.candidates)
    return AgentSummary(
        models=models,
        tools=tuple(describe_tool(each.name, run.tools.get(each.name)) for each in agent.tools),
        instructions=WRITTEN if agent.dynamic else agent.instructions,
        spec=run.spec,
    )


def describe_tool(name: str, policy: ToolPolicy | None) -> str:
    """Name a tool with its effect, and whether a person may be asked."""
    if policy is None:
        return name
    return f"{name} ({policy.effect}{', may need approval' if policy.approval else ''})"


def _as_code(text: str) -> str:
    """Format text as a Markdown code block."""
    shown = clean_text(clip_text(text, SHOWN_INSTRUCTIONS))
    return "\n".join(f"    {line}" for line in shown.splitlines())
