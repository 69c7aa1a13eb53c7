"""The commands that copy the local stack."""

from __future__ import annotations

from harness.cli.spec import FORCE, JSON, Command, arg, flag

BACKUP_COMMANDS: tuple[Command, ...] = (
    Command(
        "backup",
        "Copy the local Temporal, Postgres and artifacts to one file, while they run.",
        "harness.cli.backup.backup:run_backup",
        (
            arg(
                "place",
                metavar="FILE|DIR",
                help="A new file, or a folder (the file is named by date and time).",
            ),
            FORCE,
            JSON,
        ),
        "The copies belong together. Excludes the encryption keyring, so forgotten runs stay\n"
        "unreadable. Lists external services it could not copy.",
        (("harness backup ~/backups", ""), ("harness backup runs.tar --json", "for programs")),
        group="Keep and delete",
    ),
    Command(
        "restore",
        "Put a backup back in place of the local state.",
        "harness.cli.backup.backup:run_restore",
        (
            arg("file", metavar="FILE", help="A file that `harness backup` wrote."),
            flag(
                "--trust",
                help="Accept a file that this project did not sign; its "
                "database can run code here.",
            ),
            JSON,
        ),
        "The stack must be stopped. The backup is verified before anything is touched, and the\n"
        "former state is moved aside. Open runs continue; a write that they may have made since\n"
        "the backup is probed, or a person decides. It is never repeated silently.",
        (("harness restore harness-20260101-120000.tar", ""),),
        group="Keep and delete",
    ),
)
