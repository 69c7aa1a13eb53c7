"""The text of `--help`, generated from the table of commands."""

from __future__ import annotations

from harness.cli.commands import COMMANDS, grouped_commands, list_group
from harness.cli.spec import Arg, Command

CODES = "0 done · 1 failed · 2 bad usage · 3 aborted · 4 waiting · 130 detached · 141 pipe closed"


def overview_text() -> str:
    lines = [
        "harness: durable AI agents. Every run is a Temporal workflow: it survives crashes,",
        "waits for people, and can be steered while it runs.",
        "",
        "Usage: harness COMMAND [ARGUMENTS] [--json]",
    ]
    width = max(len(each.name) for each in COMMANDS)
    for title, commands in grouped_commands():
        lines += ["", f"{title}:"]
        lines += [f"  {each.name:<{width}}  {each.summary}" for each in commands]
    return "\n".join(
        [
            *lines,
            "",
            "Options:",
            "  -h, --help                    Show this help, or the help of a command.",
            "  --version                     Print the version.",
            "  --completion SHELL            Print completion for bash, zsh or fish.",
            "  --install-completion [SHELL]  Install it where the shell finds it.",
            "",
            "Examples:",
            '  harness run "What is 2 + 2?"',
            '  harness run "What is 2 + 2?" --agent agent.py:agent',
            "  harness list --state waiting",
            "",
            f"Exit codes: {CODES}",
        ]
    )


def group_text(word: str) -> str:
    """The commands whose names begin with a word."""
    commands = list_group(word)
    width = max(len(each.name) for each in commands)
    return "\n".join(
        [
            f"Usage: harness {word} COMMAND [ARGUMENTS] [--json]",
            "",
            *(f"  {each.name:<{width}}  {each.summary}" for each in commands),
            "",
            f"Exit codes: {CODES}",
        ]
    )


def command_text(command: Command) -> str:
    positionals = [each for each in command.args if not each.is_option]
    options = [each for each in command.args if each.is_option]
    words = " ".join(each.shown for each in positionals)
    lines = [command.summary, ""]
    lines.append(" ".join(f"Usage: harness {command.name} {words} [OPTIONS]".split()))
    if command.about:
        lines += ["", command.about]
    lines += _section_lines("Arguments", positionals) + _section_lines("Options", options)
    if command.examples:
        lines += ["", "Examples:"]
        width = max(len(text) for text, _ in command.examples)
        lines += [
            f"  {text:<{width}}  # {note}" if note else f"  {text}"
            for text, note in command.examples
        ]
    return "\n".join([*lines, "", f"Exit codes: {CODES}"])


def _section_lines(title: str, args: list[Arg]) -> list[str]:
    if not args:
        return []
    width = max(len(each.shown) for each in args)
    return ["", f"{title}:", *(f"  {each.shown:<{width}}  {each.help}" for each in args)]
