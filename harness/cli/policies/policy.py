"""`harness policy`: show, explain, test and switch approval policies."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.cli.access.shown import print_table
from harness.cli.context import open_backend
from harness.cli.ignored import find_ignored, report_ignored
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import InvalidPolicy, SteeringError
from harness.policies.policy import MAX_BYTES
from harness.policies.views import ExplainBody, PolicyTestBody, PolicyView, TestedCall
from harness.terminal import exit_codes
from harness.terminal.backend import Backend
from harness.terminal.input.decide import parse_arguments

Act = Callable[[Namespace, Out, Backend], Awaitable[int]]
DIGEST = 16
USAGE = {
    "list": (0, 0, "harness policy list"),
    "explain": (2, 3, "harness policy explain AGENT TOOL [ARGUMENTS]"),
    "test": (1, 1, "harness policy test FILE"),
    "show": (1, 1, "harness policy show RUN"),
    "switch": (2, 2, "harness policy switch RUN FILE|none"),
    "remembered": (0, 1, "harness policy remembered [SESSION]"),
    "revoke": (1, 1, "harness policy revoke ID"),
}
"""The fewest and most words that an action takes."""


async def run_policy(args: Namespace, out: Out) -> int:
    fewest, most, usage = USAGE[args.action]
    if not fewest <= len(args.words) <= most:
        raise UsageError(f"{args.action} got {len(args.words)} words.", f"Write: {usage}")
    async with open_backend(args, out) as backend:
        return await ACTS[args.action](args, out, backend)


async def _list_rules(_args: Namespace, out: Out, backend: Backend) -> int:
    policy = await backend.policies.show()
    ignored = find_ignored(backend, "policies")
    if out.json:
        facts = policy.model_dump(exclude_none=True)
        out.line(facts if ignored is None else facts | {"ignored": ignored})
    elif ignored is not None:
        report_ignored(out, ignored)
    elif policy.digest is None:
        out.note('No policy is configured. To add one: [policies] file = "policy.toml".')
    else:
        _print_policy(out, policy)
    return exit_codes.DONE


async def _explain_call(args: Namespace, out: Out, backend: Backend) -> int:
    agent, tool, *rest = args.words
    try:
        arguments = parse_arguments(rest[0]) if rest else {}
    except SteeringError as error:
        raise UsageError(f"The arguments: {error.message}", error.fix) from None
    body = ExplainBody(
        agent=agent, tool=tool, arguments=arguments, effect=args.effect, owner=args.owner,
        session=args.session, cost=args.cost or 0.0,
    )  # fmt: skip
    found = await backend.policies.explain(body)
    if out.json:
        out.line(found.model_dump(exclude_none=True))
        return exit_codes.DONE
    for each in found.compared:
        out.raw(clean_line(f"{each.rule}: {each.decision} - {each.why or 'fits'}"))
    by = f" by rule {found.rule}" if found.rule else ""
    whom = f", asks {found.whom}" if found.whom else ""
    what = {"default": "the tool's own approval applies", "function": "the function decides"}
    decided = what.get(found.decision, found.decision)
    out.raw(clean_line(f"{tool} ({found.effect}): {decided}{by}{whom}"))
    if found.assumed is not None:
        out.note(
            clean_line(
                f"The effect {found.effect} is only assumed: {found.assumed} "
                "Name it with --effect, or serve the agent once."
            )
        )
    return exit_codes.DONE


async def _test_file(args: Namespace, out: Out, backend: Backend) -> int:
    body = PolicyTestBody(
        policy=_read_text(args.words[0]), agent=args.agent, session=args.session, limit=args.limit
    )
    found = await backend.policies.test(body)
    different = [each for each in found.calls if each.differs]
    if out.json:
        out.line(found.model_dump(exclude_none=True))
    else:
        shown = found.calls if args.all else different
        if shown:
            heads = ("RUN", "TURN", "TOOL", "HAPPENED", "WOULD", "RULE")
            print_table(out, heads, [_test_cells(each) for each in shown])
        more = " More calls were left out." if found.more else ""
        out.note(
            f"{len(found.calls)} calls of {found.runs} runs; {len(different)} would differ.{more}"
        )
    return exit_codes.FAILED if args.exit_code and different else exit_codes.DONE


async def _show_run(args: Namespace, out: Out, backend: Backend) -> int:
    return _print_run(out, await backend.policies.show_run(args.words[0]))


async def _switch_run(args: Namespace, out: Out, backend: Backend) -> int:
    run, file = args.words
    text = None if file == "none" else _read_text(file)
    return _print_run(out, await backend.policies.switch(run, text))


async def _list_remembered(args: Namespace, out: Out, backend: Backend) -> int:
    found = await backend.policies.list_remembered(args.words[0] if args.words else None)
    if out.json:
        for each in found:
            out.line(each.model_dump(exclude_none=True))
    elif not found:
        out.note("No approval is remembered.")
    else:
        heads = ("ID", "SESSION", "TOOL", "EQUAL", "RULE", "BY", "RUN", "CALL")
        rows = [
            (each.id, each.session or "", each.tool, ", ".join(each.arguments) or "none",
             each.rule, each.by or "", each.run, each.call)
            for each in found
        ]  # fmt: skip
        print_table(out, heads, [tuple(map(clean_line, row)) for row in rows])
    return exit_codes.DONE


async def _revoke_remembered(args: Namespace, out: Out, backend: Backend) -> int:
    found = await backend.policies.revoke(args.words[0])
    if out.json:
        out.line(found.model_dump(exclude_none=True))
    else:
        out.raw(clean_line(f"Revoked: {found.id} of {found.tool}"))
    return exit_codes.DONE


def _print_run(out: Out, found: Any) -> int:
    if out.json:
        out.line(found.model_dump(exclude_none=True))
        return exit_codes.DONE
    if found.policy.digest is None:
        out.note("No rule holds for this run.")
    else:
        _print_policy(out, found.policy)
    for pin in found.pins:
        at = datetime.fromtimestamp(pin.at, UTC).isoformat(timespec="seconds")
        by = f", by {pin.by}" if pin.by else ""
        out.note(clean_line(f"since {at}: {pin.digest[:DIGEST]}{by}"))
    return exit_codes.DONE


def _print_policy(out: Out, policy: PolicyView) -> None:
    out.raw(f"policy {(policy.digest or '')[:DIGEST]}")
    for place, rule in enumerate(policy.rules, 1):
        more = {k: v for k, v in rule.items() if k not in ("name", "decision")}
        words = json.dumps(more, ensure_ascii=False) if more else "any call"
        out.raw(clean_line(f"{place}. {rule['name']}: {rule['decision']} {words}"))
    if policy.function:
        out.raw(clean_line(f"then the function {policy.function}"))


def _test_cells(call: TestedCall) -> tuple[str, ...]:
    cells = (call.run, str(call.turn), call.tool, call.happened, call.would, call.rule or "")
    return tuple(map(clean_line, cells))


def _read_text(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidPolicy(f"{name} cannot be read: {error}.") from None
    if len(content) > MAX_BYTES:
        raise InvalidPolicy(f"{name} is larger than {MAX_BYTES:,} bytes.")
    return text


ACTS: dict[str, Act] = {
    "list": _list_rules,
    "explain": _explain_call,
    "test": _test_file,
    "show": _show_run,
    "switch": _switch_run,
    "remembered": _list_remembered,
    "revoke": _revoke_remembered,
}
