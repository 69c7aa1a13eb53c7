"""`harness approve`, `reject` and `answer`: make a decision that a run waits for."""

from __future__ import annotations

import json
import uuid
from argparse import Namespace
from collections import defaultdict
from typing import Any

from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.cli.runs.targets import steer_runs
from harness.cli.values import check_digest, check_text
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import SteeringError
from harness.contracts.ruling import Remember
from harness.contracts.steering import Verdict
from harness.contracts.verdicts import describe_done
from harness.terminal.backend import BackendRun
from harness.terminal.input.decide import parse_arguments


async def approve_call(args: Namespace, out: Out) -> int:
    remember = _parse_remember(args.remember)
    if args.edit is None:
        if args.replace:
            raise UsageError("--replace needs --edit.", "Pass the arguments: --edit JSON")
        return await _send_decision(args, out, "approve", remember=remember)
    changed = _parse_edit(args.edit, replace=args.replace)
    return await _send_decision(
        args, out, "edit", arguments=changed, replace=args.replace, remember=remember
    )


def _parse_remember(text: str | None) -> Remember | None:
    """Which arguments of later calls have to be equal: all, those named, or `none`."""
    if text is None or text == "=":
        return None if text is None else True
    return () if text == "none" else tuple(each.strip() for each in text.split(",") if each.strip())


def _parse_edit(text: str, *, replace: bool) -> dict[str, Any]:
    """The arguments of --edit; invalid ones are a usage error."""
    try:
        changed = parse_arguments(text)
    except SteeringError as error:
        raise UsageError(f"--edit: {error.message}", error.fix) from None
    if not changed and not replace:
        raise UsageError("--edit names no argument to change.", "For example: --edit '{\"a\": 1}'")
    return changed


async def reject_call(args: Namespace, out: Out) -> int:
    return await _send_decision(args, out, "reject")


async def answer_question(args: Namespace, out: Out) -> int:
    check_text("The answer", args.text, 'harness answer RUN "the blue one"')
    args.query, args.note = None, None
    return await _send_decision(args, out, "answer", answer=args.text)


async def _send_decision(args: Namespace, out: Out, verdict: Verdict, **more: Any) -> int:
    check_digest(args.digest)
    keys: defaultdict[str, str] = defaultdict(lambda: str(uuid.uuid4()))
    """One per run: sending it again is the same decision."""

    async def act(run: BackendRun) -> dict[str, Any]:
        decision = await run.decide(
            verdict, args.call, note=args.note, digest=args.digest, key=keys[run.id], **more
        )
        return decision.model_dump(mode="json", exclude_none=True)

    return await steer_runs(args, out, [args.run] if args.run else [], _describe_decision, act)


def _describe_decision(decision: dict[str, Any]) -> str:
    """The decision, and the arguments that the tool is called with."""
    done = f"{decision['id']} {describe_done(decision.get('need'), decision['verdict'])}"
    if "arguments" not in decision:
        return clean_line(done)
    called = json.dumps(decision["arguments"], ensure_ascii=False)
    return clean_line(f"{done}, called with {called}")
