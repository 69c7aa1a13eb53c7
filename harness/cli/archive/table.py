"""The commands of the archive."""

from __future__ import annotations

from harness.cli.history.table import SOURCE
from harness.cli.spec import FORCE, JSON, Command, arg, flag

ARCHIVE_COMMANDS: tuple[Command, ...] = (
    Command(
        "archive",
        "Keep ended runs beyond Temporal's retention period.",
        "harness.cli.archive.archive:run_archive",
        (
            arg(
                "action",
                metavar="ACTION",
                choices=("status", "seal", "export", "import", "rebuild"),
                help="status, seal, export, import or rebuild.",
            ),
            arg(
                "names",
                metavar="NAME",
                nargs="*",
                help="Runs to seal, or the folder or file to write or read.",
            ),
            arg(
                "--since",
                metavar="TIME",
                help="With export: only runs sealed since then, such as 7d.",
            ),
            FORCE._replace(help="With export: replace the .zip file if it exists."),
            JSON,
        ),
        "Workers seal ended runs automatically. `seal` does it now, for named runs or all;\n"
        "`export` writes sealed runs to a folder or a .zip; `import` reads those or exports;\n"
        "`rebuild` rebuilds the index behind `harness list --archived`.\n"
        "Through a daemon: status, seal and rebuild.",
        (
            ("harness archive status", "what is sealed and what is not yet"),
            ("harness archive seal RUN", "now; prints the replay token"),
            ("harness archive export runs.zip --since 7d", ""),
            ("harness archive import runs.zip", "on another machine"),
        ),
        group="Keep and delete",
        works="anywhere",
    ),
    Command(
        "verify",
        "Check that sealed runs are unchanged.",
        "harness.cli.archive.verify:verify_archive",
        (
            SOURCE._replace(more={**SOURCE.more, "nargs": "?"}),
            arg("--token", metavar="TOKEN", help="The expected replay token."),
            flag("--engine", help="Also compare with Temporal, as far as it has the runs."),
            JSON,
        ),
        "Without RUN, checks the whole chain of seals and the content of each. Lists whatever was\n"
        "changed, removed or added, and exits with 1. Checking a file needs no Temporal.",
        (
            ("harness verify", "the whole archive"),
            ("harness verify RUN --token TOKEN", "this run is unchanged"),
            ("harness verify run.json --token TOKEN", "this export is unchanged"),
        ),
        group="Keep and delete",
        works="anywhere",
    ),
)
