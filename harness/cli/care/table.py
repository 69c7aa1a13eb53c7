"""The table of the commands `care …`."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, arg, flag

GROUP = "Care"

CARE_COMMANDS: tuple[Command, ...] = (
    Command(
        "care query",
        "Query metrics (PromQL) or logs (LogQL), with plots and figures.",
        "harness.cli.care.query:run_query",
        (
            arg("query", metavar="QUERY", help="The query."),
            flag("--logs", help="A LogQL query, answered by Loki."),
            arg(
                "--since",
                metavar="TIME",
                help="How far back, such as 30m, 6h or 2d.",
            ),
            arg("--limit", metavar="N", type=int, help="Most curves (5) or lines (100)."),
            JSON,
        ),
        "Without --since: the values now, or the logs of an hour.\n"
        "Curves that changed most suddenly come first, with the moments at which they changed.\n"
        "[care.metrics] and [care.logs] in harness.toml say where Prometheus and Loki are.",
        (
            ("harness care query up", "the values now"),
            ("harness care query 'rate(http_requests_total[1m])' --since 1h", "curves"),
            ("""harness care query '{service="api"} |= "error"' --logs""", ""),
        ),
        group=GROUP,
        works="anywhere",
    ),
)
