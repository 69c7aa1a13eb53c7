"""`harness models`: known models, with prices."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from harness.cli.out import Out
from harness.contracts.errors import InvalidUsage
from harness.terminal import exit_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from harness.api.installation import ModelView


def print_models(args: Namespace, out: Out) -> int | Coroutine[object, object, int]:
    if args.provider == "explain":
        from harness.cli.models.explain import explain_models

        return explain_models(args, out)
    if args.plan or args.run:
        raise InvalidUsage("Several names and --run belong to `harness models explain`.")
    if args.test is not None:
        return _test_model(args, out)
    if args.server is not None:
        return _print_those_of_daemon(args, out)
    from harness.api.installation import list_models
    from harness.config import load_settings, resolve_provider
    from harness.config.providers import key_places

    settings = load_settings()
    if args.provider:
        resolve_provider(settings, args.provider)  # an unknown provider is an error that lists them
    found = list_models(settings, args.provider).models
    return _print_models(found, out, lambda provider: f"set {key_places(provider)[0]} to use it")


async def _test_model(args: Namespace, out: Out) -> int:
    if args.server is not None:
        from harness.cli.context import open_daemon

        async with open_daemon(args.server) as backend:
            trial = await backend.test_model(args.test)
    else:
        from harness.config import load_settings
        from harness.providers.trial import try_model

        trial = await try_model(load_settings(), args.test)
    if out.json:
        out.line(trial.model_dump(mode="json", exclude_none=True))
    elif trial.error is None:
        out.console.print(f"{trial.model}: answered in {trial.ms:,.0f} ms", soft_wrap=True)
    else:
        out.error(trial.error.model_dump(mode="json", exclude_none=True))
    return exit_codes.DONE if trial.error is None else exit_codes.FAILED


async def _print_those_of_daemon(args: Namespace, out: Out) -> int:
    from harness.cli.context import open_daemon

    async with open_daemon(args.server) as backend:
        found = await backend.list_models()
    chosen = [each for each in found if args.provider in (None, _provider_of(each))]
    return _print_models(chosen, out, lambda _: "the daemon has no key for it")


def _print_models(found: list[ModelView], out: Out, lack: Callable[[str], str]) -> int:
    shown: set[str] = set()
    for model in found:
        provider = _provider_of(model)
        if provider not in shown and not out.json:
            state = "" if model.ready else f"  ({lack(provider)})"
            out.console.print(f"{provider}{state}", style="bold", soft_wrap=True)
        shown.add(provider)
        _print_model(model, out)
    if not out.json and not found:
        out.note("No models of this provider are listed; use any as provider/model.")
    return exit_codes.DONE


def _provider_of(model: ModelView) -> str:
    return model.model.partition("/")[0]


def _print_model(model: ModelView, out: Out) -> None:
    if out.json:
        out.line(model.model_dump(mode="json", exclude_none=True))
        return
    price = model.price
    cost = (
        f"${price.input:g} in, ${price.output:g} out per million tokens"
        if price
        else "price unknown"
    )
    mark = "  (the default)" if model.default else ""
    out.console.print(f"  {model.model:<30}", end="", soft_wrap=True)
    out.console.print(f"{model.context:>9,} tokens  {cost}{mark}", style="quiet", soft_wrap=True)
