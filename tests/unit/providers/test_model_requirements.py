"""What a plan requires of a model, and how the candidates are explained."""

from __future__ import annotations

from typing import Any

import pytest

from harness.config.settings import ProviderSettings, Settings
from harness.contracts.model import Candidate, ModelPlan
from harness.providers import sdk
from harness.providers.catalog import describe_lack
from harness.providers.explain import explain_plan


def plan(*models: str, **more: Any) -> ModelPlan:
    return ModelPlan(candidates=tuple(Candidate(model=each) for each in models), **more)


CASES: list[tuple[str, dict[str, Any], str | None, str | None]] = [
    ("openai/gpt-5", {}, None, None),
    ("openai/gpt-5", {"max_price": 10}, None, None),
    ("openai/gpt-5", {"max_price": 9.5}, None, "costs up to $10 per million tokens"),
    ("ollama/any", {"max_price": 9.5}, None, "has no known price"),
    ("openai/gpt-5", {"regions": ("eu",)}, "eu", None),
    ("openai/gpt-5", {"regions": ("eu", "ch")}, "us", "is in the region us; the plan allows eu"),
    ("openai/gpt-5", {"regions": ("eu",)}, None, "has no region set"),
    ("openai/gpt-5", {"min_context": 500_000}, None, "reads 400000 tokens"),
    ("offline/demo", {"requires": ("vision",)}, None, "vision"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "needs", "region", "lack"), CASES)
def test_requirements(
    model: str, needs: dict[str, Any], region: str | None, lack: str | None
) -> None:
    found = describe_lack(model, plan(model, **needs), region)
    assert found is None if lack is None else lack in (found or "")


async def test_a_plan_is_explained() -> None:
    settings = Settings(
        providers={
            "openai": ProviderSettings(region="us"),
            "lab": ProviderSettings(kind="offline", region="eu"),
        }
    )
    asked = plan("openai/gpt-5", "nowhere/x", "lab/one", "lab/two", regions=("eu",))
    first, unknown, called, spare = await explain_plan(settings, asked)
    assert (first.problem, first.key) == ("it is in the region us; the plan allows eu", False)
    assert unknown.problem is not None and "Unknown provider 'nowhere'" in unknown.problem
    assert (called.called, called.problem, called.region) == (True, None, "eu")
    assert (spare.called, spare.problem) == (False, None)


@pytest.mark.parametrize("name", ["gemini", "groq", "mistral", "ollama"])
async def test_a_missing_sdk_is_explained(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk, "find_spec", lambda module: None)
    settings = Settings(providers={name: ProviderSettings(api_key="sk-1")})  # pyright: ignore[reportArgumentType]
    (found,) = await explain_plan(settings, plan(f"{name}/any"))
    assert found.problem is not None
    assert f'pip install "durable-harness[{name}]"' in found.problem
    assert 'kind = "chat"' in found.problem


async def test_an_unknown_provider_is_named_with_those_that_are_known() -> None:
    plan = ModelPlan(candidates=(Candidate(model="nope/x"), Candidate(model="offline/demo")))
    unknown, known = await explain_plan(Settings(), plan)
    assert unknown.unknown and not unknown.called and unknown.problem
    assert "Unknown provider 'nope'" in unknown.problem and "openai" in unknown.problem
    assert "[providers.nope]" in unknown.problem
    assert known.called and known.unknown is None
