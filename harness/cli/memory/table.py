"""The table of the command `memory`."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, action, arg, flag

ACTIONS = ("list", "show", "search", "add", "correct", "forget", "stats", "verify")

MEMORY_COMMANDS: tuple[Command, ...] = (
    Command(
        "memory",
        "See, correct and forget what agents remember of you.",
        "harness.cli.memory.memory:run_memory",
        (
            action(*ACTIONS),
            arg("memory", metavar="ID|TEXT", nargs="?", help="The memory; search, add: a text."),
            arg("text", metavar="TEXT", nargs="?", help="correct: what is true instead."),
            arg("--limit", metavar="N", type=int, help="list, search: how many at most."),
            arg("--before", metavar="CURSOR", type=int, help="list: the next page."),
            flag("--repair", help="verify: drop what was changed, and accept the rest."),
            JSON,
        ),
        "  list              what holds now, the newest first\n"
        "  show ID           one memory, with where it comes from\n"
        "  search TEXT       by meaning and by words, the best first\n"
        "  add TEXT          remember a fact\n"
        "  correct ID TEXT   replace a memory by what is true instead\n"
        "  forget ID         erase the text of a memory\n"
        "  stats             how many there are\n"
        "  verify            whether anything was changed outside harness; exit code 1 if so\n\n"
        "Each user has memories of their own. Without a daemon they are those of this machine.",
        (
            ("harness memory", ""),
            ('harness memory search "Which tea?"', ""),
            ("harness memory verify", ""),
        ),
        group="Run",
        works="anywhere",
    ),
)
