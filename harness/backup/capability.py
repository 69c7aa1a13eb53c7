"""The record of backups."""

from harness.contracts.capability import Capability

BACKUP = Capability(
    name="backup",
    summary="Copy the local stack to one file, and restore it.",
    page="how-to/backup.md",
    commands="harness.cli.backup.table:BACKUP_COMMANDS",
)
