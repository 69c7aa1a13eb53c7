"""`harness capabilities`: list, show, enable and disable capabilities."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from harness.capabilities.inspect import Part, find_parts
from harness.capabilities.registry import OURS, Found, find_capabilities, problem_of
from harness.capabilities.switches import read_disabled, write_disabled
from harness.cli.out import Out
from harness.cli.parser import UsageError, find_nearest
from harness.terminal import exit_codes


def run_capabilities(args: Namespace, out: Out) -> int:
    if args.action == "list":
        if args.name is not None:
            raise UsageError(
                "`harness capabilities list` takes no name.",
                f"To see one: harness capabilities show {args.name}",
            )
        return _print_list(out)
    if args.name is None:
        raise UsageError(
            f"Name the capability to {args.action}.", "List them: harness capabilities"
        )
    found = _find_capability(args.name)
    if args.action == "show":
        return _print_details(found, out)
    return _enable_or_disable(found, out, enable=args.action == "enable")


def _print_list(out: Out) -> int:
    everything = find_capabilities()
    width = max(len(found.name) for found in everything)
    for found in everything:
        # The parts of built-in ones are known to load, and take seconds to do so.
        problem = None if found.source == OURS else _inspect_parts(found)[1]
        if out.json:
            out.line(_facts_of(found, problem))
            continue
        state = _state_of(found, problem)
        out.console.print(f"{found.name:<{width}}  {state:<8}  ", end="", style=_style_of(state))
        out.console.print(_summary_of(found, problem), soft_wrap=True)
    return exit_codes.DONE


def _print_details(found: Found, out: Out) -> int:
    parts, problem = _inspect_parts(found)
    if out.json:
        listed: dict[str, list[str]] = {}
        for part in parts:
            listed.setdefault(part.kind, []).append(part.name)
        out.line({**_facts_of(found, problem), "parts": listed})
        return exit_codes.DONE
    out.console.print(f"{found.name}: {_summary_of(found, None)}", soft_wrap=True)
    state = _state_of(found, problem)
    out.console.print(f"  {state}, {found.source}", style=_style_of(state), soft_wrap=True)
    if problem:
        out.console.print(f"  {problem}", style="bad", soft_wrap=True)
    if found.record and found.record.page:
        out.console.print(f"  documentation: {found.record.page}", style="quiet", soft_wrap=True)
    for part in parts:
        out.console.print(f"  {part.kind:<14} {part.name}", soft_wrap=True)
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
    if name not in found:
        near = find_nearest(name, found)
        hint = f"Did you mean {near}?" if near else "List them: harness capabilities"
        raise UsageError(f"There is no capability {name!r}.", hint)
    return found[name]


def _inspect_parts(found: Found) -> tuple[list[Part], str | None]:
    """The parts of a capability, and its problem, if any."""
    problem = problem_of(found.name)
    if found.record is None or problem:
        return [], problem
    parts, problem = find_parts(found.record)
    return parts, problem or problem_of(found.name)


def _state_of(found: Found, problem: str | None) -> str:
    if not found.enabled:
        return "disabled"
    return "broken" if problem else "enabled"


def _style_of(state: str) -> str:
    return {"enabled": "", "disabled": "quiet", "broken": "bad"}[state]


def _summary_of(found: Found, problem: str | None) -> str:
    text = found.record.summary if found.record else f"from {found.source}"
    return f"{problem} ({found.source})" if problem else text


def _facts_of(found: Found, problem: str | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": found.name,
        "state": _state_of(found, problem),
        "source": found.source,
    }
    if found.record:
        facts |= {"summary": found.record.summary, "essential": found.record.essential}
    return {**facts, "problem": problem} if problem else facts
