"""The model plan of an agent, from the options that it was declared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from harness.agent.argument_types import agent_error
from harness.contracts.model import Candidate, Feature, ModelParams, ModelPlan

if TYPE_CHECKING:
    from harness.agent.agent import Agent


def check_model_options(
    name: str, model: str | ModelPlan | None, fallbacks: Sequence[str], params: ModelParams | None
) -> None:
    if isinstance(model, ModelPlan) and (fallbacks or params):
        raise agent_error(
            name,
            "has a model plan as well as fallbacks or params",
            "Put the fallbacks and params into the plan's candidates.",
        )
    if fallbacks and model is None:
        raise agent_error(name, "has fallbacks but no model", "Name the model that comes first.")


def make_plan(agent: Agent[Any, Any], default_model: str) -> ModelPlan:
    """The plan that a run pins. It requires what the agent's tools and output type need."""
    needs: list[Feature] = []
    if agent.tools:
        needs.append("tools")
    if agent.output_type is not None:
        needs.append("output")
    if isinstance(agent.model, ModelPlan):
        requires = tuple(dict.fromkeys((*agent.model.requires, *needs)))
        return agent.model.model_copy(update={"requires": requires})
    models = (agent.model or default_model, *agent.fallbacks)
    candidates = tuple(_make_candidate(agent, model) for model in models)
    return ModelPlan(candidates=candidates, requires=tuple(needs))


def _make_candidate(agent: Agent[Any, Any], model: str) -> Candidate:
    try:
        return Candidate(model=model, params=agent.params)
    except ValidationError:
        raise agent_error(
            agent.name,
            f"model {model!r} is not of the form provider/model",
            'Write it like "openai/gpt-5".',
        ) from None
