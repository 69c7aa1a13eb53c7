"""`harness conversation export`, `import` and `rebuild`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from harness.cli.context import open_client
from harness.cli.named_file import check_new, write_named
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.errors import FileNotWritten, NotRemote
from harness.conversations.contracts import Card
from harness.conversations.files import parse_export, render_markdown
from harness.conversations.rebuild import rebuild_rows
from harness.terminal import exit_codes
from harness.terminal.backend import Backend
from harness.terminal.view.text import count_of

SUFFIX = {"json": ".conversation.json", "markdown": ".md"}


async def export_file(backend: Backend, args: Namespace, out: Out) -> int:
    kind = args.format or "json"
    name = args.output or args.id.replace("/", "-") + SUFFIX[kind]
    if name != "-":
        check_new(Path(name), force=args.force)
    exported = await backend.conversations.export(args.id)
    text = render_markdown(exported) if kind == "markdown" else exported.wire().decode()
    if name == "-":
        out.data(text) if kind == "json" else out.raw(text)
        return exit_codes.DONE
    write_named(Path(name), text + "\n", force=args.force)
    facts = {"id": args.id, "file": name, "messages": len(exported.messages)}
    if out.json:
        out.line(facts)
    else:
        out.raw(f"{name}: {count_of(len(exported.messages), 'message')}")
    return exit_codes.DONE


async def write_export(backend: Backend, card: Card, name: str | None) -> str:
    """Write a conversation to a new file, as Markdown if its name does not end with .json; what was
    written."""
    file = name or card.id.replace("/", "-") + SUFFIX["markdown"]
    exported = await backend.conversations.export(card.id)
    as_json = file.endswith(".json")
    text = exported.wire().decode() if as_json else render_markdown(exported)
    try:
        write_named(Path(file), text + "\n", force=False)
    except FileNotWritten as error:
        raise FileNotWritten(error.message, fix="Name another file: /export FILE") from error
    return f"{file}: {count_of(len(exported.messages), 'message')}"


async def import_file(backend: Backend, args: Namespace, out: Out) -> int:
    card = await backend.conversations.load(
        parse_export(_read_file(args.id)), agent=args.agent, id=args.new_id, owner=args.owner
    )
    out.line(card.model_dump(mode="json", exclude_none=True)) if out.json else out.raw(card.id)
    return exit_codes.DONE


async def rebuild(args: Namespace, out: Out) -> int:
    if args.server is not None:
        raise NotRemote(
            "`harness conversation rebuild` works only on the project's own stack, "
            "not through a daemon."
        )

    def show_progress(id: str, runs: int) -> None:
        if out.json:
            out.line({"conversation": id, "runs": runs})
        else:
            out.note(f"{id}: {count_of(runs, 'run')}")

    async with open_client(out) as client:
        done = await rebuild_rows(client.connection, show_progress)
    if out.json:
        out.line({"conversations": done.conversations, "runs": done.runs, "left": list(done.left)})
    else:
        out.raw(f"Rebuilt {count_of(done.conversations, 'conversation')} of "
                f"{count_of(done.runs, 'run')}.")  # fmt: skip
        for each in done.left:
            out.note(f"Not rebuilt: {each}")
    return exit_codes.DONE


def _read_file(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{name} cannot be read: {error}", "Name an exported file.") from None
