"""`harness trace --prompt`: what a turn sent to the model."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from pydantic_core import to_json
from rich.text import Text

from harness.cli.context import open_backend
from harness.cli.history.run_sources import is_file
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.message import Image, Message, Reasoning, ToolCall, ToolResult
from harness.contracts.sent_prompt import PromptMessage, SentPrompt
from harness.terminal import exit_codes
from harness.terminal.view.console import print_indented
from harness.terminal.view.text import clean_shown, count_of

MOST_TURNS = 10**9
WORDS = {
    "pinned": "pinned",
    "cleared": "old results removed",
    "summary": "summary of what was left out",
}


async def show_prompt(args: Namespace, out: Out) -> int:
    """Show the prompt of a turn, whole."""
    if args.follow or args.html or args.timeline or args.kind or args.start or args.workers:
        raise UsageError("--prompt excludes other options of trace.", "Pass it alone.")
    if not 1 <= args.prompt <= MOST_TURNS:
        raise UsageError(f"--prompt {args.prompt} is not a turn.", "Turns start at 1.")
    found = await _read_prompt(args, out)
    if out.json:
        out.raw(found.wire().decode())
        return exit_codes.DONE
    out.console.print(Text(clean_shown(_describe_prompt(found)), "bold"))
    if found.instructions:
        _print_part("instructions", found.instructions, out)
    if found.tools:
        _print_part("tools", ", ".join(each.name for each in found.tools), out)
    place = 0
    for each in found.messages:
        if each.place > place:
            out.console.print(Text(f"… {count_of(each.place - place, 'message')} left out", "dim"))
        place = each.place + 1
        _print_part(_describe_message(each), _text_of(each.message), out)
    return exit_codes.DONE


async def _read_prompt(args: Namespace, out: Out) -> SentPrompt:
    if is_file(args.run):
        from harness.history.export import read_file
        from harness.history.prompts import read_recorded_prompt

        return read_recorded_prompt(read_file(Path(args.run)), args.prompt)
    async with open_backend(args, out) as backend:
        return await backend.read_sent_prompt(args.run, args.prompt)


def _describe_prompt(prompt: SentPrompt) -> str:
    facts = [f"turn {prompt.turn} to {prompt.model}", count_of(len(prompt.messages), "message")]
    facts += [f"{prompt.dropped:,} left out"] if prompt.dropped else []
    if prompt.reported is None:
        facts.append(f"~{prompt.tokens:,} tokens")
    else:
        cached = f", {prompt.cached:,} cached" if prompt.cached else ""
        facts.append(f"{prompt.reported:,} tokens{cached} (~{prompt.tokens:,} estimated)")
    return " · ".join(facts)


def _describe_message(each: PromptMessage) -> str:
    words = [f"{each.place} {each.message.role}", f"~{each.tokens:,} tokens"]
    words += [each.message.origin] if each.message.origin not in (None, "summary") else []
    words += [WORDS[each.state]] if each.state else []
    words += ["new"] if each.new else []
    return " · ".join(words)


def _text_of(message: Message) -> str:
    lines = list[str]()
    for part in message.parts:
        match part:
            case ToolCall():
                lines.append(f"{part.name} {to_json(part.arguments).decode()}")
            case ToolResult():
                lines.append(f"{part.name}{' failed' if part.error else ''}: {part.content}")
            case Image():
                lines.append(f"[image {part.artifact or part.url or part.media_type}]")
            case Reasoning():
                lines.append(f"[reasoning] {part.text or ''}")
            case _:
                lines.append(getattr(part, "text", None) or f"[file {getattr(part, 'name', '')}]")
    return "\n".join(lines)


def _print_part(head: str, text: str, out: Out) -> None:
    out.console.print(Text(clean_shown(head), "dim"))
    for line in text.split("\n"):
        print_indented(out.console, Text(clean_shown(line)), 4)
