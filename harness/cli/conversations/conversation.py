"""`harness conversation`: create, list, read, change and answer conversations."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable

from harness.cli.context import open_backend
from harness.cli.conversations.answers import print_answer
from harness.cli.conversations.copies import export_file, import_file, rebuild
from harness.cli.conversations.pages import print_list, show
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.conversations.contracts import Act, Change, Receipt
from harness.prompts.prompt import Prompt, read_ref
from harness.terminal import exit_codes
from harness.terminal.backend import Backend

Action = Callable[[Backend, Namespace, Out], Awaitable[int]]

OPTIONS: dict[str, set[str]] = {
    "list": {"tag", "agent", "owner", "state", "text", "limit", "after"},
    "create": {"policy", "title", "tag", "new_id", "owner"},
    "show": {"limit", "after"},
    "send": {"policy", "message", "wait", "template", "var"},
    "import": {"new_id", "agent", "owner"},
    "export": {"output", "format", "force"},
}
"""The options of each action, besides --json."""
WORDS: dict[str, str] = {
    "send": 'harness conversation send ID "Hello"',
    "rename": 'harness conversation rename ID "New title"',
    "fork": "harness conversation fork ID MESSAGE",
}
"""Actions that need a text, each with an example."""
SUBJECTS = {"create": "the published agent", "import": "the file"}
ACTS: dict[str, Act] = {"archive": "archive", "restore": "restore", "delete": "delete"}


async def run_conversation(args: Namespace, out: Out) -> int:
    _check_usage(args)
    if args.action == "rebuild":
        return await rebuild(args, out)
    actions: dict[str, Action] = {
        "list": print_list, "create": create, "show": show, "send": send, "rename": change,
        "tag": change, "archive": change, "restore": change, "delete": change, "fork": fork,
        "export": export_file, "import": import_file,
    }  # fmt: skip
    index = args.action in ("create", "send", "import", "fork")
    async with open_backend(args, out, index=index) as backend:
        return await actions[args.action](backend, args, out)


async def create(backend: Backend, args: Namespace, out: Out) -> int:
    card = await backend.conversations.create(
        args.id, id=args.new_id, owner=args.owner, title=args.title,
        tags=[args.tag] if args.tag else (), policy=args.policy or "queue",
    )  # fmt: skip
    if out.json:
        out.line(card.model_dump(mode="json", exclude_none=True))
        return exit_codes.DONE
    out.raw(card.id)
    out.note(f'Send a message: harness conversation send {card.id} "..." --wait')
    return exit_codes.DONE


async def send(backend: Backend, args: Namespace, out: Out) -> int:
    asked: str | Prompt = sys.stdin.read() if args.words == ["-"] else " ".join(args.words)
    if args.template:
        asked = await backend.read_prompt(args.template, args.var or ())
    conversations = backend.conversations
    receipt = await conversations.send(args.id, asked, message=args.message, policy=args.policy)
    if args.wait:
        return await print_answer(backend, args.id, receipt, out)
    if out.json:
        out.line(receipt.model_dump(mode="json", exclude_none=True))
    else:
        out.raw(_describe(receipt))
    return exit_codes.FAILED if receipt.outcome == "not_answered" else exit_codes.DONE


async def change(backend: Backend, args: Namespace, out: Out) -> int:
    asked = Change(act=ACTS.get(args.action))
    if args.action == "rename":
        asked = Change(title=" ".join(args.words))
    elif args.action == "tag":
        asked = Change(tags=tuple(args.words))
    card = await backend.conversations.change(args.id, asked)
    if out.json:
        out.line(card.model_dump(mode="json", exclude_none=True))
        return exit_codes.DONE
    tags = f"  [{', '.join(card.tags)}]" if card.tags else ""
    out.raw(f"{card.id}  {card.state}  {card.title or ''}{tags}")
    if args.action == "delete":
        out.note(f"Restore it: harness conversation restore {card.id}")
    return exit_codes.DONE


async def fork(backend: Backend, args: Namespace, out: Out) -> int:
    card = await backend.conversations.fork(args.id, args.words[0])
    out.line(card.model_dump(mode="json", exclude_none=True)) if out.json else out.raw(card.id)
    return exit_codes.DONE


def _describe(receipt: Receipt) -> str:
    match receipt.outcome:
        case "not_answered":
            why = receipt.error.message if receipt.error else "a later message took its place"
            return f"{receipt.message}  was not answered: {why}"
        case "queued" if receipt.position:
            return f"{receipt.message}  waits at place {receipt.position}"
        case "started" | "queued":
            return receipt.run or f"{receipt.message}  waits for its run"
        case "rolled_back":
            return f"{receipt.message}  takes the place of the open run"
        case _:
            return f"{receipt.message}  {receipt.outcome} {receipt.run}"


def _check_usage(args: Namespace) -> None:
    action = args.action
    known = {name for names in OPTIONS.values() for name in names}
    for name in sorted(known - OPTIONS.get(action, set())):
        if getattr(args, name) not in (None, False):
            option = "--" + name.replace("_", "-")
            raise UsageError(
                f"`harness conversation {action}` does not take {option}.",
                "See `harness conversation --help`.",
            )
    if action in ("list", "rebuild"):
        if args.id is not None:
            fix = f"To see one: harness conversation show {args.id}"
            raise UsageError(f"`harness conversation {action}` takes no id.", fix)
    elif args.id is None:
        what = SUBJECTS.get(action, "the conversation")
        raise UsageError(f"Name {what} to {action}.", "List them: harness conversation list")
    if args.template:
        read_ref(args.template)
        if args.words:
            raise UsageError("--template takes the place of the text.", "Give one of them.")
    elif args.var:
        raise UsageError("--var belongs to --template.", "See `harness conversation --help`.")
    elif action in WORDS and not " ".join(args.words).strip():
        raise UsageError(f"The text to {action} is missing.", f"For example: {WORDS[action]}")
    if action not in WORDS and action != "tag" and args.words:
        raise UsageError(
            f"`harness conversation {action}` does not take {args.words[0]!r}.",
            "See `harness conversation --help`.",
        )
    if args.limit is not None and args.limit < 1:
        raise UsageError("--limit must be 1 or more.", "The default is 20.")
