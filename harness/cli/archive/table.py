"""The commands of the archive."""

from __future__ import annotations

from harness.cli.history.table import SOURCE
from harness.cli.spec import FORCE, JSON, Command, arg, flag

ARCHIVE_COMMANDS: tuple[Command, ...] = (
    Command(
        "archive",
        "Keep ended runs beyond the engine's retention.",
        "harness.cli.archive.archive:archive",
        (
            arg(
                "action",
                metavar="ACTION",
                choices=("status", "seal", "export", "import", "rebuild"),
                help="status, seal, export, import or rebuild.",
            ),
            arg("names", metavar="NAME", nargs="*", help="Runs, or where from or to."),
            arg("--since", metavar="TIME", help="Export what was sealed since then, such as 7d."),
            FORCE._replace(help="With export: replace the .zip file if it exists."),
            JSON,
        ),
        "Workers seal ended runs automatically. `seal` does it now, for these runs or for all;\n"
        "`export` writes all to a folder or a .zip, `import` takes such, or single exports, in;\n"
        "`rebuild` makes the index of `harness list --archived` again.",
        (
            ("harness archive status", "what is sealed and what is not yet"),
            ("harness archive seal RUN", "now; prints the replay token"),
            ("harness archive export runs.zip --since 7d", ""),
            ("harness archive import runs.zip", "in another place"),
        ),
        group="Keep and delete",
    ),
    Command(
        "verify",
        "Prove that sealed runs are what they were.",
        "harness.cli.archive.verify:verify",
        (
            SOURCE._replace(more={**SOURCE.more, "nargs": "?"}),
            arg("--token", metavar="TOKEN", help="The replay token that it must have."),
            flag("--engine", help="Compare all with the engine too, as far as it has them."),
            JSON,
        ),
        "Without a run the whole chain of seals is checked, and the content of each: what was\n"
        "changed, removed or added is named, and the exit code is 1. A file needs no engine.",
        (
            ("harness verify", "the whole archive"),
            ("harness verify RUN --token TOKEN", "this run is the one that was sealed"),
            ("harness verify run.json --token TOKEN", "so is this export"),
        ),
        group="Keep and delete",
    ),
)
