"""`harness models`, `tools`, `config` and `version`: information that needs no run."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from harness.cli.out import Out
from harness.terminal import exit_codes


def print_version(args: Namespace, out: Out) -> int:  # noqa: ARG001 - all commands are called alike
    from harness import __version__

    if out.json:
        out.line({"version": __version__})
    else:
        out.raw(f"harness {__version__}")
    return exit_codes.DONE


def print_config(args: Namespace, out: Out) -> int:  # noqa: ARG001
    from harness.config import explain_settings
    from harness.contracts.clean_text import clean_line

    origins = explain_settings()
    if out.json:
        for each in origins:
            mark = {"ignored": True} if each.ignored else {}
            out.line({"key": each.key, "value": each.value, "source": each.source, **mark})
        return exit_codes.DONE
    width = max(len(clean_line(each.key)) for each in origins)
    for each in origins:
        quiet = each.source == "default"
        text = f"{clean_line(each.key):<{width}}  {_format_value(each.value)}"
        out.console.print(text, style="quiet" if quiet else "", end="", soft_wrap=True)
        source = f"{each.source}, IGNORED: not trusted" if each.ignored else each.source
        style = "bad" if each.ignored else "quiet" if quiet else "call"
        out.console.print(f"  ({clean_line(source)})", style=style, soft_wrap=True)
    if any(each.ignored for each in origins):
        out.note("To review and allow ignored settings, run: harness trust")
    return exit_codes.DONE


def _format_value(value: Any) -> str:
    import json

    from harness.contracts.clean_text import clean_line

    return "-" if value is None else clean_line(json.dumps(value, ensure_ascii=False, default=str))


def print_tools(args: Namespace, out: Out) -> int:
    found = _load_tools(args.agent)
    for tool in found:
        policy = tool.policy
        approval = tool.approval if isinstance(tool.approval, str) else "by its arguments"
        if out.json:
            facts = policy.model_dump(exclude_none=True)
            out.line({**tool.spec.model_dump(), **facts, "approval": approval})
            continue
        marks = [policy.effect] + (["inline"] if policy.inline else [])
        marks += [f"approval: {approval}"] if approval != "never" else []
        out.console.print(
            _format_signature(tool.spec.name, tool.spec.parameters), style="call", end="  "
        )
        out.console.print(f"({', '.join(marks)})", style="quiet")
        out.console.print(f"  {tool.spec.description.partition(chr(10))[0]}", soft_wrap=True)
    return exit_codes.DONE


def _load_tools(agent: str | None) -> list[Any]:
    if agent is not None:
        from harness.cli.run.agents import load_agent

        return list(load_agent(agent).tools.values())
    from harness import tools as built_in
    from harness.agent import Tool

    named = [getattr(built_in, name) for name in built_in.__all__]
    return [each for each in named if isinstance(each, Tool)]  # the rest are factories


def _format_signature(name: str, parameters: dict[str, Any]) -> str:
    required = set(parameters.get("required", ()))
    words = [key if key in required else f"[{key}]" for key in parameters.get("properties", {})]
    return f"{name}({', '.join(words)})"


def print_models(args: Namespace, out: Out) -> int:
    from harness.config import load_settings, resolve_provider
    from harness.config.providers import key_places, needs_key
    from harness.providers.catalog import KNOWN

    settings = load_settings()
    if args.provider:
        resolve_provider(settings, args.provider)  # an unknown provider is an error that lists them
    ready: dict[str, bool] = {}
    for known in KNOWN.values():
        provider = known.ref.partition("/")[0]
        if args.provider not in (None, provider):
            continue
        if provider not in ready:
            found = resolve_provider(settings, provider)
            ready[provider] = found.api_key is not None or not needs_key(provider, found)
            if not out.json:
                state = "" if ready[provider] else f"  (set {key_places(provider)[0]} to use it)"
                out.console.print(f"{provider}{state}", style="bold", soft_wrap=True)
        _print_model(known, out, ready=ready[provider], chosen=known.ref == settings.model)
    if not out.json and not ready:
        out.note("No models of this provider are listed; use any as provider/model.")
    return exit_codes.DONE


def _print_model(known: Any, out: Out, *, ready: bool, chosen: bool) -> None:
    price = known.price
    if out.json:
        facts: dict[str, Any] = {
            "model": known.ref,
            "context": known.context,
            "capabilities": sorted(known.capabilities),
            "ready": ready,
        }
        out.line({**facts, "price": price._asdict()} if price else facts)
        return
    cost = f"${price.input:g} in, ${price.output:g} out per million tokens" if price else ""
    mark = "  (the default)" if chosen else ""
    out.console.print(f"  {known.ref:<30}", end="", soft_wrap=True)
    out.console.print(f"{known.context:>9,} tokens  {cost}{mark}", style="quiet", soft_wrap=True)
