"""`harness care invariant import`: alert rules of Prometheus."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from harness.care.invariants.views import ImportBody, ImportedRule, ImportView
from harness.care.invariants.yaml_file import MAX_BYTES
from harness.cli.access.shown import print_table
from harness.cli.care.body import make_body
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import RulesInvalid
from harness.terminal import exit_codes

if TYPE_CHECKING:
    from harness.terminal.backend_parts import BackendCare

HEADS = ("RULE", "INVARIANT", "OUTCOME", "MUST HOLD, OR WHY NOT")
MAX_SHOWN = 100


async def import_rules(care: BackendCare, args: Namespace, words: list[str], out: Out) -> int:
    if len(words) != 1 or args.subject is None:
        raise UsageError("`harness care invariant import` needs FILE --subject SUBJECT.", "Add it.")
    fields = {
        "subject": args.subject, "content": _read_file(Path(words[0])), "dry_run": args.dry_run,
    }  # fmt: skip
    done = await care.import_rules(make_body(ImportBody, fields, "care invariant"))
    if out.json:
        out.line(done.model_dump(exclude_none=True))
    else:
        _print(done, out)
    return exit_codes.DONE


def _read_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise RulesInvalid(f"{clean_line(str(path))} cannot be read: {reason}.") from None
    if len(content) > MAX_BYTES:
        raise RulesInvalid(f"{clean_line(str(path))} is larger than {MAX_BYTES // 1_000_000} MB.")
    return text


def _print(done: ImportView, out: Out) -> None:
    print_table(out, HEADS, [_cells(each) for each in done.rules])
    counts = Counter(each.outcome for each in done.rules)
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    out.note(f"Dry run: {summary}; nothing was changed." if done.dry_run else f"{summary}.")


def _cells(each: ImportedRule) -> tuple[str, ...]:
    text = clean_line(" ".join((each.reason or each.condition).split()))
    shown = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
    return clean_line(each.rule), each.name or "-", each.outcome, shown
