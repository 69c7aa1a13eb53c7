"""`harness models explain`: which models of a plan can be called, and which would be."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from harness.cli.out import Out
from harness.contracts.errors import InvalidUsage
from harness.terminal import exit_codes

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from harness.config.settings import Settings
    from harness.contracts.event import DurableEvent
    from harness.contracts.model import ModelPlan
    from harness.providers.explain import Explained


def explain_models(args: Namespace, out: Out) -> Coroutine[object, object, int]:
    if args.run is not None:
        return _explain_run(args, out)
    return _explain_here(args, out)


async def _explain_here(args: Namespace, out: Out) -> int:
    if args.server is not None:
        raise InvalidUsage("A plan is explained with the settings of this machine: omit --server.")
    from harness.config import load_settings
    from harness.providers.explain import explain_plan

    settings = load_settings()
    explained = await explain_plan(settings, _find_plan(args.plan, settings))
    for each in explained:
        _print_candidate(each, out)
    if any(each.called for each in explained):
        return exit_codes.DONE
    if not out.json:
        out.note("None of them can be called.")
    return exit_codes.FAILED


def _find_plan(names: list[str], settings: Settings) -> ModelPlan:
    """The plan that the names mean: of one agent, or of models in their order."""
    from harness.cli.runs.agents import load_agent
    from harness.contracts.model import Candidate, ModelPlan

    if names and not any(_is_agent(name) for name in names):
        return ModelPlan(candidates=tuple(Candidate(model=name) for name in names))
    if len(names) > 1:
        raise InvalidUsage("Name one agent, or only models as provider/model.")
    return load_agent(names[0] if names else None).spec(settings.model).plan


def _is_agent(name: str) -> bool:
    """Whether a name is a file or module with an agent, rather than provider/model."""
    return "/" not in name or name.partition(":")[0].endswith(".py")


def _print_candidate(each: Explained, out: Out) -> None:
    if out.json:
        out.line(each.model_dump(mode="json", exclude_none=True))
        return
    state = "called" if each.called else "not called" if each.problem else "if the others fail"
    out.console.print(f"{each.model:<32}  ", end="", soft_wrap=True)
    out.console.print(state, style="bold", soft_wrap=True)
    facts = [
        f"{each.context:,} tokens" if each.context else "context unknown",
        f"${each.input_price:g} in, ${each.output_price:g} out per million tokens"
        if each.input_price is not None
        else "price unknown",
        "provider unknown"
        if each.unknown
        else {True: "key set", False: "no key", None: "no key needed"}[each.key],
    ]
    if each.region:
        facts.append(f"region {each.region}")
    out.console.print(f"  {'; '.join(facts)}", style="quiet", soft_wrap=True)
    if each.problem:
        out.console.print(f"  {each.problem}", soft_wrap=True)


async def _explain_run(args: Namespace, out: Out) -> int:
    from harness.cli.context import open_backend

    async with open_backend(args, out) as backend:
        events = await backend.get_run(args.run).trace()
    calls = [each for each in events if each.type == "model_replied"]
    for each in calls:
        _print_call(each, out)
    if not calls and not out.json:
        out.note("No model has answered in this run yet.")
    return exit_codes.DONE


def _print_call(event: DurableEvent, out: Out) -> None:
    assert event.type == "model_replied"
    skipped = event.fallbacks or ()
    if out.json:
        told = [each.model_dump(mode="json") for each in skipped]
        out.line({"turn": event.turn, "model": event.model, "skipped": told})
        return
    out.console.print(f"turn {event.turn}: {event.model}", soft_wrap=True)
    for each in skipped:
        out.console.print(f"  not {each.model}: {each.message}", style="quiet", soft_wrap=True)
