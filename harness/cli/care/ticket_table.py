"""The table of the commands of tickets."""

from __future__ import annotations

from typing import get_args

from harness.care.states import TRANSITIONS, AuditAction, Priority
from harness.cli.spec import JSON, MODEL, Command, action, arg, flag

PRIORITIES: tuple[str, ...] = get_args(Priority)
ACTIONS: tuple[str, ...] = get_args(AuditAction)
SINCE = arg("--since", metavar="TIME", help="Only the last 30m, 6h or 2d.")

TICKET_COMMANDS: tuple[Command, ...] = (
    Command(
        "care ticket",
        "List and show tickets, open one, and let an agent work on it.",
        "harness.cli.care.ticket:run_ticket",
        (
            action(
                "list",
                "show",
                "open",
                "work",
                "resolve",
                "close",
                "comment",
                "pin",
                "priority",
                "assign",
                "link",
                "unlink",
                "undo",
            ),
            arg("words", metavar="WORD", nargs="*", help="What the action needs, see above."),
            flag("--all", help="list: those that are resolved or closed too."),
            arg("--state", choices=tuple(TRANSITIONS), help="list: only those in this state."),
            arg("--assignee", metavar="WHO", help="list: only those of this person, or of nobody."),
            arg("--priority", choices=PRIORITIES, help="list: only those with this priority."),
            arg("--limit", metavar="N", type=int, help="list: most tickets (50)."),
            flag("--work", help="open: an agent starts to work on it at once."),
            arg("--why", metavar="TEXT", help="resolve, close: the reason; pin: what it shows."),
            flag("--logs", help="pin: a LogQL query, answered by Loki."),
            arg("--since", metavar="TIME", help="pin: how far back, such as 30m or 6h."),
            JSON,
        ),
        "  list [SUBJECT]         open tickets, the last changed first\n"
        "  show ID                what happened, hypotheses, changes, and how to go on\n"
        "  open SUBJECT TITLE     open one by hand\n"
        "  work ID                let an agent look for the cause and propose a repair\n"
        "  resolve ID             it is solved\n"
        "  close ID               nothing more is to be done; an agent at work is stopped\n"
        "  undo ID                undo what the last run has changed\n"
        "  comment ID TEXT        agents read comments too\n"
        "  pin ID QUERY           ask a query now, and keep it with its result\n"
        "  priority ID PRIORITY   low, normal, high or urgent\n"
        "  assign ID WHO          who takes care of it, or nobody\n"
        "  link ID TICKET         name a related ticket; unlink: it is not related\n\n"
        "A broken invariant opens one ticket, however often it is reported.",
        (
            ("harness care ticket", ""),
            ("harness care ticket work 4f1c09ab52e0d371", ""),
        ),
        group="Care",
        works="anywhere",
    ),
    Command(
        "care audit",
        "Show what people and agents did, and verify it against sealed histories.",
        "harness.cli.care.audit:show_audit",
        (
            arg("--subject", metavar="SUBJECT", help="Only of this subject."),
            arg("--ticket", metavar="ID", help="Only of this ticket."),
            arg("--by", metavar="WHO", help="Only what they did or approved."),
            arg("--action", choices=ACTIONS, help="Only such actions."),
            SINCE,
            arg("--limit", metavar="N", type=int, help="Most entries (50; --export: all)."),
            flag(
                "--verify", help="Compare each entry with its history, and look for removed ones."
            ),
            arg("--export", metavar="FILE", help="Write all to FILE: CSV if it ends so, or JSON."),
            flag("--force", help="With --export: replace FILE."),
            flag("--csv", help="Print CSV."),
            JSON,
        ),
        "Each entry comes from a history: of the ticket, of the agent's run, or of the act of a\n"
        "person. With --verify each is compared with it, and with its seal; exit code 1 if one\n"
        "was changed, added or removed outside of harness. --verify without filters looks for\n"
        "subjects, invariants, silences and notes without a record too. Needs the role admin.",
        (
            ("harness care audit --subject api --since 7d", ""),
            ("harness care audit --verify", "whether anything was changed"),
            ("harness care audit --verify --export audit.csv", ""),
        ),
        group="Care",
        works="anywhere",
    ),
    Command(
        "care agent",
        "Serve the agent that works on tickets, or talk with it about a subject.",
        "harness.cli.care.agent:serve_agent",
        (
            arg("--ticket", metavar="ID", help="Work on this ticket, and print what happens."),
            flag("--rehearse", help="With --ticket: say what it would do, and change nothing."),
            arg("--subject", metavar="NAME", help="Talk about this subject, one line a prompt."),
            arg(
                "--continue",
                action="store_true",
                help="With --subject: go on with the last conversation about it.",
            ),
            MODEL._replace(help="Its model instead of that of the settings."),
            JSON,
        ),
        "Run it where the folders of the subjects are. With --ticket it ends when the ticket is\n"
        "resolved, closed, or needs a person. With --subject it is a chat, whose changes are\n"
        "watched and undone like those of tickets. Otherwise it serves until Ctrl-C.",
        (
            ("harness care agent", ""),
            ("harness care agent --subject ratelimiter", ""),
            ("harness care agent --ticket 4f1c09ab52e0d371", ""),
            ("harness care agent --ticket 4f1c09ab52e0d371 --rehearse", "change nothing"),
        ),
        group="Care",
    ),
    Command(
        "care runbook",
        "Show the runbook that an agent proposes after a repair, or accept it.",
        "harness.cli.care.runbook:show_runbook",
        (
            arg("ticket", metavar="TICKET", help="A ticket that is resolved or closed."),
            flag("--save", help="Commit it on a branch of the subject's repository."),
            JSON,
        ),
        "--save leaves the files of the subject as they are: merge the branch to accept it.",
        (
            ("harness care runbook 4f1c09ab52e0d371", ""),
            ("harness care runbook 4f1c09ab52e0d371 --save", ""),
        ),
        group="Care",
    ),
)
