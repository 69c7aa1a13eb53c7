"""What the commands for users and tokens share: options that an action does not take, and lists."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Sequence

from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.terminal.view.text import format_age


def refuse_options(args: Namespace, *names: str) -> None:
    """Refuse options that mean nothing with this action."""
    for name in names:
        if getattr(args, name) is not None:
            raise UsageError(
                f"`harness {args.command} {args.action}` does not take --{name}.",
                f"See `harness {args.command} --help`.",
            )


def refuse_argument(args: Namespace, value: str | None) -> None:
    if value is not None:
        raise UsageError(
            f"`harness {args.command} {args.action}` does not take {value!r}.",
            f"See `harness {args.command} --help`.",
        )


def need_argument(args: Namespace, value: str | None, what: str) -> str:
    if not value:
        raise UsageError(
            f"`harness {args.command} {args.action}` needs {what}.",
            f"List them: harness {args.command} list",
        )
    return value


def print_table(out: Out, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    lines = [heads, *([clean_line(cell) for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    for number, line in enumerate(lines):
        text = "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        style = "" if number else "quiet"
        out.console.print(text.rstrip(), style=style, soft_wrap=True)


def show_age(at: float | None) -> str:
    return "" if at is None else f"{format_age(time.time() - at)} ago"
