"""The table of the commands `chat` and `conversation`."""

from __future__ import annotations

from harness.cli.spec import (
    AGENT_OR_NAME,
    BUDGETS,
    FORCE,
    JSON,
    MODEL,
    VARIABLE,
    WORKSPACE,
    Command,
    action,
    arg,
    flag,
)

ACTIONS = (
    "list", "create", "show", "send", "rename", "tag", "archive", "restore", "delete", "fork",
    "export", "import", "rebuild",
)  # fmt: skip

CONVERSATIONS_COMMANDS: tuple[Command, ...] = (
    Command(
        "chat",
        "Chat with an agent: start or resume a conversation.",
        "harness.cli.conversations.chat:chat_with_agent",
        (
            arg("name", metavar="NAME", nargs="?", help="Resume: an id or title, or how it begins "
                "(default: a new one)."),
            flag("--continue", "-c", help="Resume the conversation that was active last."),
            AGENT_OR_NAME,
            MODEL,
            arg("--title", metavar="TEXT", help="Of a new one (default: its first line)."),
            arg("--session", metavar="ID", help="Resume the one with this id, or start it."),
            *BUDGETS,
            WORKSPACE,
            JSON,
        ),
        "At a terminal: Enter sends; while an answer runs, it sends a hint. Ctrl-C stops the\n"
        "answer. To leave, press Ctrl-C twice within two seconds, or Ctrl-D. /help lists the\n"
        "commands. From a pipe, or with --json, each line is a prompt.",
        (
            ("harness chat", "with the built-in assistant"),
            ("harness chat --continue", "where you stopped"),
            ("harness chat invoice", "the one whose title begins so"),
            ("harness chat --agent agent.py:agent", "with your own agent"),
        ),
        group="Run",
        works="anywhere",
    ),
    Command(
        "conversation",
        "List, read and keep conversations, and send messages to them.",
        "harness.cli.conversations.conversation:run_conversation",
        (
            action(*ACTIONS),
            arg(
                "id",
                metavar="ID|AGENT|FILE",
                nargs="?",
                help="The conversation; to create: the published agent; to import: the file.",
            ),
            arg(
                "words",
                metavar="TEXT",
                nargs="*",
                help="The message (-: read stdin), the title, the tags, or the message to fork "
                "before.",
            ),
            arg("--policy", metavar="POLICY", choices=("queue", "hint", "interrupt", "rollback",
                "reject"), help="create, send: what a message does while a run is open."),
            arg("--message", metavar="ID", help="send: an id of your choice, so that a "
                "repeated command sends once."),
            arg("--template", metavar="NAME[@V]", help="send: a prompt template, for TEXT."),
            VARIABLE,
            flag("--wait", help="send: wait for the answer and print it."),
            arg("--title", metavar="TEXT", help="create: what lists show."),
            arg("--tag", metavar="TAG", help="create, list: a tag."),
            arg("--new-id", metavar="ID", help="create, import: the id of the new conversation."),
            arg("--agent", metavar="NAME", help="list: only of this agent; import: another agent "
                "than the file's."),
            arg("--owner", metavar="NAME", help="create, import, list: the owner."),
            arg("--state", metavar="STATE", choices=("active", "archived", "deleted", "all"),
                help="list: active (default), archived, deleted or all."),
            arg("--text", metavar="WORDS", help="list: only those that contain these words."),
            arg("--limit", metavar="N", type=int, help="list, show: how many (default: 20)."),
            arg("--after", metavar="CURSOR", help="list, show: the next page."),
            arg("--output", "-o", metavar="FILE", help="export: the file (-: stdout)."),
            arg("--format", metavar="FORMAT", choices=("json", "markdown"),
                help="export: json (default) or markdown."),
            FORCE,
            JSON,
        ),
        "Actions: list, create, show, send, rename, tag, archive, restore, delete, fork, export,\n"
        "import, rebuild. Policies: queue, hint, interrupt, rollback, reject.\n"
        "A conversation has an inbox: messages are answered one after another, each by a run of\n"
        "its agent, which a worker has published (see `harness agents`). `tag` replaces all tags.\n"
        "A deleted conversation can be restored; `harness forget` makes content unreadable.\n"
        "`rebuild` restores the rows that `list` and `show` read, from the runs.",
        (
            ('harness conversation create support --title "Invoice 7"', ""),
            ('harness conversation send ID "Where is my invoice?" --wait', ""),
            ("harness conversation list --text invoice", ""),
            ("harness conversation export ID --format markdown -o talk.md", ""),
        ),
        group="Run",
        works="anywhere",
    ),
)  # fmt: skip
