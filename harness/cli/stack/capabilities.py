"""`harness capabilities`: list, show, enable and disable capabilities."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Coroutine

from harness.api.installation import (
    CapabilityDetails,
    CapabilityView,
    list_capabilities,
    show_capability,
)
from harness.capabilities.registry import Found, find_capabilities
from harness.capabilities.switches import read_disabled, write_disabled
from harness.cli.out import Out
from harness.cli.parser import UsageError, find_nearest
from harness.contracts.errors import NotRemote
from harness.terminal import exit_codes

STYLES = {"disabled": "quiet", "broken": "bad"}


def run_capabilities(args: Namespace, out: Out) -> int | Coroutine[object, object, int]:
    if args.action == "list" and args.name is not None:
        raise UsageError(
            "`harness capabilities list` takes no name.",
            f"To see one: harness capabilities show {args.name}",
        )
    name: str = args.name or ""
    if args.action != "list" and not name:
        raise UsageError(
            f"Name the capability to {args.action}.", "List them: harness capabilities"
        )
    if args.server is not None:
        return _print_those_of_daemon(args, out)
    if args.action == "list":
        return _print_list(list_capabilities().capabilities, out)
    found = _find_capability(name)
    if args.action == "show":
        return _print_details(show_capability(found.name), out)
    return _enable_or_disable(found, out, enable=args.action == "enable")


async def _print_those_of_daemon(args: Namespace, out: Out) -> int:
    if args.action in ("enable", "disable"):
        raise NotRemote(
            f"`harness capabilities {args.action}` is about this machine, not about a daemon."
        )
    from harness.cli.context import open_daemon

    async with open_daemon(args.server) as backend:
        listed = await backend.list_capabilities()
        if args.action == "list":
            return _print_list(listed, out)
        _check_known(args.name, [each.name for each in listed])
        return _print_details(await backend.show_capability(args.name), out)


def _print_list(listed: list[CapabilityView], out: Out) -> int:
    width = max((len(each.name) for each in listed), default=0)
    for each in listed:
        if out.json:
            out.line(each.model_dump(mode="json", exclude_none=True))
            continue
        style = STYLES.get(each.state, "")
        out.console.print(f"{each.name:<{width}}  {each.state:<8}  ", end="", style=style)
        text = f"{each.problem} ({each.source})" if each.problem else _summary_of(each)
        out.console.print(text, soft_wrap=True)
    return exit_codes.DONE


def _print_details(found: CapabilityDetails, out: Out) -> int:
    if out.json:
        out.line(found.model_dump(mode="json", exclude_none=True))
        return exit_codes.DONE
    out.console.print(f"{found.name}: {_summary_of(found)}", soft_wrap=True)
    style = STYLES.get(found.state, "")
    out.console.print(f"  {found.state}, {found.source}", style=style, soft_wrap=True)
    if found.problem:
        out.console.print(f"  {found.problem}", style="bad", soft_wrap=True)
    if found.page:
        out.console.print(f"  documentation: {found.page}", style="quiet", soft_wrap=True)
    for kind, names in found.parts.items():
        for name in names:
            out.console.print(f"  {kind:<14} {name}", soft_wrap=True)
    return exit_codes.DONE


def _enable_or_disable(found: Found, out: Out, *, enable: bool) -> int:
    if not enable and found.record and found.record.essential:
        raise UsageError(
            f"{found.name} cannot be disabled: other parts of harness need it.",
            "See which can: harness capabilities",
        )
    disabled = read_disabled()
    if enable:
        _check_required(found, disabled)
    else:
        _check_dependents(found)
    write_disabled(disabled - {found.name} if enable else disabled | {found.name})
    state = "enabled" if enable else "disabled"
    if out.json:
        out.line({"name": found.name, "state": state})
    else:
        out.raw(f"{found.name} is {state}. Restart running workers to apply this.")
    return exit_codes.DONE


def _check_required(found: Found, disabled: frozenset[str]) -> None:
    missing = [name for name in found.record.requires if name in disabled] if found.record else []
    if missing:
        raise UsageError(
            f"{found.name} needs {', '.join(missing)}, which is disabled.",
            f"Enable it first: harness capabilities enable {missing[0]}",
        )


def _check_dependents(found: Found) -> None:
    dependents = [
        each.name
        for each in find_capabilities()
        if each.enabled and each.record and found.name in each.record.requires
    ]
    if dependents:
        raise UsageError(
            f"{', '.join(dependents)} needs {found.name}.",
            f"Disable it first: harness capabilities disable {dependents[0]}",
        )


def _find_capability(name: str) -> Found:
    found = {each.name: each for each in find_capabilities()}
    _check_known(name, list(found))
    return found[name]


def _check_known(name: str, names: list[str]) -> None:
    if name not in names:
        near = find_nearest(name, names)
        hint = f"Did you mean {near}?" if near else "List them: harness capabilities"
        raise UsageError(f"There is no capability {name!r}.", hint)


def _summary_of(found: CapabilityView) -> str:
    return found.summary or f"from {found.source}"
