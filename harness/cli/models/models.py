"""`harness models`: known models, with prices."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from harness.cli.out import Out
from harness.terminal import exit_codes


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
