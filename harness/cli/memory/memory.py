"""`harness memory`: see, correct and forget what agents remember."""

from __future__ import annotations

from argparse import Namespace

from harness.cli.access.shown import print_table, show_age
from harness.cli.context import open_backend
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.memory.views import MemoryList, MemoryVerification, MemoryView
from harness.terminal import exit_codes
from harness.terminal.backend import BackendMemories

HEADS = ("ID", "MADE", "TRUST", "TEXT")
MOST = 500
NEEDS = {
    "show": ("ID",), "search": ("TEXT",), "add": ("TEXT",), "correct": ("ID", "TEXT"),
    "forget": ("ID",),
}  # fmt: skip


async def run_memory(args: Namespace, out: Out) -> int:
    _check_usage(args)
    async with open_backend(args, out) as backend:
        memories = backend.memories
        match args.action:
            case "list":
                found = await memories.list(limit=args.limit or 50, before=args.before)
                _print_list(found, out)
            case "search":
                _print_list(await memories.search(args.memory, limit=args.limit or 10), out)
            case "show":
                _print_one(await memories.find(args.memory), out)
            case "add" | "correct":
                await _write(memories, args, out)
            case "forget":
                gone = await memories.forget(args.memory)
                out.line({"id": gone.id}) if out.json else out.raw(f"{gone.id}: forgotten")
            case "stats":
                await _print_stats(memories, out)
            case _:
                return _print_verification(await memories.verify(repair=args.repair), out)
    return exit_codes.DONE


async def _write(memories: BackendMemories, args: Namespace, out: Out) -> None:
    if args.action == "add":
        written = await memories.add(args.memory)
    else:
        written = await memories.correct(args.memory, args.text)
    if out.json:
        out.line(written.model_dump(mode="json"))
    else:
        out.raw(written.id)
        if not written.added:
            out.note("It was known already.")


async def _print_stats(memories: BackendMemories, out: Out) -> None:
    stats = await memories.stats()
    if out.json:
        out.line(stats.model_dump(mode="json", exclude_none=True))
        return
    trusts = ", ".join(f"{count} {trust}" for trust, count in sorted(stats.trusts.items()))
    out.raw(f"memories   {stats.current:,}" + (f" ({trusts})" if trusts else ""))
    out.raw(f"entries    {stats.entries:,}, with those replaced, withdrawn or forgotten")
    embedder = clean_line(stats.embedder or stats.problem or "none")
    out.raw(f"vectors    {stats.embedded:,} ({embedder})")


def _print_list(found: MemoryList, out: Out) -> None:
    if out.json:
        for each in found.memories:
            out.line(each.model_dump(mode="json", exclude_none=True))
        if found.next is not None:
            out.line({"next": found.next})
        return
    if not found.memories:
        out.note("Nothing is remembered. To add a fact: harness memory add TEXT")
        return
    rows = [
        (each.id, show_age(each.made.timestamp()), each.trust, clean_line(each.text))
        for each in found.memories
    ]
    print_table(out, HEADS, rows)
    if found.next is not None:
        out.note(f"More: harness memory list --before {found.next}")


def _print_one(memory: MemoryView, out: Out) -> None:
    facts = memory.model_dump(mode="json", exclude_none=True)
    if out.json:
        out.line(facts)
        return
    for name, value in facts.items():
        out.raw(f"{name.replace('_', ' '):<12}{clean_line(str(value))}")


def _print_verification(found: MemoryVerification, out: Out) -> int:
    if out.json:
        out.line(found.model_dump(mode="json", exclude_none=True))
    else:
        for each in found.problems:
            where = f"entry {each.seq}: " if each.seq is not None else ""
            out.raw(clean_line(f"{where}{each.what}"))
        state = f"{len(found.problems)} problems" if found.problems else "intact"
        out.raw(f"{found.entries:,} entries: {state}")
        if found.dropped is not None:
            out.raw(f"Repaired: {found.dropped} entries were dropped.")
    broken = found.problems and found.dropped is None
    return exit_codes.FAILED if broken else exit_codes.DONE


def _check_usage(args: Namespace) -> None:
    action = args.action
    wanted = NEEDS.get(action, ())
    given = [each for each in (args.memory, args.text) if each is not None]
    if len(given) != len(wanted):
        raise UsageError(
            f"`harness memory {action}` takes {' and '.join(wanted) or 'no argument'}.",
            f"Write: {' '.join(['harness memory', action, *wanted])}",
        )
    for option, actions in (
        ("limit", ("list", "search")), ("before", ("list",)), ("repair", ("verify",)),
    ):  # fmt: skip
        if getattr(args, option) not in (None, False) and action not in actions:
            raise UsageError(
                f"`harness memory {action}` does not take --{option}.",
                "See `harness memory --help`.",
            )
    if args.limit is not None and not 1 <= args.limit <= MOST:
        raise UsageError(f"--limit must be 1 to {MOST}.", "Use a number in that range.")
