"""`harness webhook`: add, try, resume and remove webhooks."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from typing import Any

from harness.cli.access.shown import (
    need_argument,
    print_table,
    refuse_argument,
    refuse_options,
    show_age,
)
from harness.cli.context import open_backend
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.terminal import exit_codes
from harness.terminal.backend import BackendWebhooks
from harness.webhooks.contracts import DEFAULT_KINDS
from harness.webhooks.rows import Delivery, Webhook

HEADS = ("ID", "STATE", "RUNS OF", "AGENT", "EVENTS", "URL")
SENT_HEADS = ("ID", "RUN", "TYPE", "STATE", "ATTEMPTS", "SENT")
MOST = 500


async def run_webhook(args: Namespace, out: Out) -> int:
    action = args.action
    if action != "add":
        refuse_options(args, "events", "agent", "user")
    if action != "deliveries":
        refuse_options(args, "limit")
    if action == "list":
        refuse_argument(args, args.id)
    else:
        what = "an address" if action == "add" else "the id of a webhook"
        need_argument(args, args.id, what)
    if args.limit is not None and not 1 <= args.limit <= MOST:
        raise UsageError(f"--limit must be 1 to {MOST}.", "Use a number in that range.")
    async with open_backend(args, out) as backend:
        webhooks = backend.webhooks
        match action:
            case "add":
                await _add(webhooks, args, out)
            case "list":
                await _list(webhooks, out)
            case "show":
                _show(await webhooks.find(args.id), out)
            case "test":
                id = await webhooks.test(args.id)
                _say(out, {"id": id}, f"{id}: accepted")
            case "resume":
                runs = await webhooks.resume(args.id)
                _say(out, {"runs": runs}, f"{args.id}: resumed; runs with events to send: {runs}")
            case "remove":
                found = await webhooks.remove(args.id)
                _say(out, {"id": found.id}, f"{found.id}: removed")
            case _:
                await _list_deliveries(webhooks, args, out)
    return exit_codes.DONE


async def _add(webhooks: BackendWebhooks, args: Namespace, out: Out) -> None:
    events = DEFAULT_KINDS if args.events is None else args.events.replace(" ", "").split(",")
    webhook, secret = await webhooks.add(args.id, events=events, agent=args.agent, owner=args.user)
    if out.json:
        out.line({**_facts(webhook), "secret": secret})
        return
    out.raw(secret)
    out.note("Store the secret now: it is not shown again. It verifies the webhook's messages.")
    out.note(f"To try it: harness webhook test {webhook.id}")


async def _list(webhooks: BackendWebhooks, out: Out) -> None:
    found = await webhooks.list()
    if out.json:
        for each in found:
            out.line(_facts(each))
    elif found:
        print_table(out, HEADS, [_cells(each) for each in found])
    else:
        out.note("There are no webhooks yet. To add one: harness webhook add URL")


def _show(webhook: Webhook, out: Out) -> None:
    if out.json:
        out.line(_facts(webhook))
        return
    for name, value in zip(HEADS, _cells(webhook), strict=True):
        out.raw(f"{name.lower():<8}  {clean_line(value)}")
    if webhook.failing_since is not None:
        out.raw(f"{'failing':<8}  since {show_age(webhook.failing_since)}")
    if webhook.reason is not None:
        out.raw(f"{'reason':<8}  {clean_line(webhook.reason)}")
        out.note(f"To resume it: harness webhook resume {webhook.id}")


async def _list_deliveries(webhooks: BackendWebhooks, args: Namespace, out: Out) -> None:
    found = await webhooks.list_deliveries(args.id, args.limit or 50)
    if out.json:
        for each in found:
            out.line(_facts(each))
    elif found:
        print_table(out, SENT_HEADS, [_sent_cells(each) for each in found])
    else:
        out.note("No message has been sent yet.")


def _say(out: Out, facts: dict[str, Any], text: str) -> None:
    if out.json:
        out.line(facts)
    else:
        out.raw(text)


def _facts(row: Webhook | Delivery) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if value is not None}


def _cells(webhook: Webhook) -> tuple[str, ...]:
    return (
        webhook.id, webhook.state, "everyone" if webhook.everyone else webhook.owner,
        webhook.agent or "any", ",".join(webhook.events), webhook.url,
    )  # fmt: skip


def _sent_cells(delivery: Delivery) -> tuple[str, ...]:
    state = "accepted" if delivery.done is not None else delivery.problem or "sending"
    return (
        delivery.id, delivery.run, delivery.kind, state, str(delivery.attempts),
        show_age(delivery.tried),
    )  # fmt: skip
