"""What checks see of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.contracts.whatif import Outcome
from harness.evals.contracts import Case


@dataclass(frozen=True, kw_only=True)
class Observed:
    """A case, and what came of its run. Checks in Python take it.

    Attributes:
        case: The case: its `id`, `input`, `expected` and `metadata`.
        outcome: How the run ended: its `state`, `output`, `data`, `calls`, `turns`, `tokens`,
            `cost_micros` and `seconds`.
        effects: The effect of each of the agent's tools: `read`, `write` or `irreversible`.
        recorded: In an evaluation over past runs, the outcome of the recorded run.
        workspace: The copy that the run worked in, if the evaluation names a workspace.
    """

    case: Case
    outcome: Outcome
    effects: Mapping[str, str]
    recorded: Outcome | None = None
    workspace: Path | None = None

    @property
    def output(self) -> str:
        """The final answer: the text, or the typed result as JSON."""
        if self.outcome.data is None:
            return self.outcome.output
        return json.dumps(self.outcome.data, ensure_ascii=False)

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools that were called, in order."""
        return tuple(each.name for each in self.outcome.calls)
