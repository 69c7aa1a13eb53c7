"""The table of the command `requests`."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, arg

REQUEST_LOG_COMMANDS: tuple[Command, ...] = (
    Command(
        "requests",
        "List and show the recorded requests to model providers.",
        "harness.cli.request_log.requests:show_requests",
        (
            arg("run", metavar="RUN|show", nargs="?", help="Only requests of this run."),
            arg("id", metavar="ID", nargs="?", help="show: the request."),
            arg("--turn", metavar="N", type=int, help="Only requests of this turn."),
            arg("--model", metavar="MODEL", help="Only requests to this provider/model."),
            arg(
                "--status",
                metavar="STATUS",
                help="ok, cancelled, a category of errors such as timeout, 429, or error for all.",
            ),
            arg("--since", metavar="TIME", help="Only requests since then, such as 1h or 7d."),
            arg("--search", metavar="TEXT", help="Only requests or answers with this text."),
            arg("--limit", metavar="N", type=int, help="At most this many (50)."),
            JSON,
        ),
        "Nothing is recorded until request_log.sample is set in harness.toml. Secrets are masked,\n"
        "and long texts shortened.\n\n"
        "  show ID   a request and its answer. Lines with + are parts that the run's previous\n"
        "            request did not have",
        (
            ("harness requests --status error --since 1h", ""),
            ("harness requests my-run --turn 2", ""),
            ("harness requests show req_0123456789abcdef01234567", ""),
        ),
        group="Inspect",
        works="anywhere",
    ),
)
