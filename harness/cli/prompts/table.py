"""The table of the command `prompt`."""

from __future__ import annotations

from harness.cli.spec import JSON, VARIABLE, Command, action, arg, flag

ACTIONS = ("list", "save", "show", "versions", "diff", "try", "archive", "restore")

PROMPTS_COMMANDS: tuple[Command, ...] = (
    Command(
        "prompt",
        "Save, compare and try prompt templates.",
        "harness.cli.prompts.prompt:run_prompt",
        (
            action(*ACTIONS),
            arg("prompt", metavar="NAME[@V]", nargs="?", help="The template, or one version."),
            arg(
                "other",
                metavar="FILE|NAME@V",
                nargs="?",
                help="save: the file (-: stdin); diff: the version to compare with.",
            ),
            VARIABLE,
            arg(
                "--agent",
                metavar="AGENT",
                help="try: run it with this agent: agent.py:agent, or a published @NAME.",
            ),
            arg("--model", metavar="PROVIDER/MODEL", help="try: run it with this model."),
            flag("--archived", help="list: include archived ones."),
            arg("--limit", metavar="N", type=int, help="list, versions: how many (default: 50)."),
            arg("--after", metavar="CURSOR", help="list, versions: the next page."),
            JSON,
        ),
        "Actions: list, save, show, versions, diff, try, archive, restore.\n"
        "A template is a text with variables, such as {{ amount }}. Saving a changed text adds a\n"
        "version; versions do not change and are not deleted. `try` prints the prompt that the\n"
        "variables make and, with --agent, runs it. `archive` hides a template; runs can still\n"
        "name one of its versions.",
        (
            ("harness prompt save refund refund.md", "as the next version"),
            ("harness prompt show refund", "the newest version, with its variables"),
            ("harness prompt diff refund@1 refund@2", ""),
            ("harness prompt try refund --var amount=3", "print the prompt"),
            ("harness run --template refund --var amount=3", "run it"),
        ),
        group="Run",
        works="anywhere",
    ),
)
