"""The table of the commands of the demo."""

from __future__ import annotations

from harness.cli.spec import JSON, MODEL, Command, arg, flag

DEMO_COMMANDS: tuple[Command, ...] = (
    Command(
        "care demo",
        "Run two services under care on this machine, with traffic, metrics and an agent.",
        "harness.cli.care.demo:run_demo",
        (
            arg(
                "folder",
                metavar="FOLDER",
                nargs="?",
                default="care-demo",
                help="Where it is made (default: care-demo).",
            ),
            arg(
                "--rps",
                metavar="N",
                type=float,
                default=20.0,
                help="Requests, and jobs, a second (20).",
            ),
            arg("--port", metavar="PORT", type=int, help="Of the page; 0 chooses a free one."),
            MODEL._replace(help="Model of the agent (default: care/rules, offline)."),
            JSON,
        ),
        "Makes a project in FOLDER: a rate limiter and a queue worker in git repositories,\n"
        "Prometheus, traffic, the page, and a worker with an agent. Nothing runs in containers.\n"
        "Without a key, the agent follows rules; it reads the metrics and changes of the services.",
        (("harness care demo", ""), ("harness care demo --model openai/gpt-5", "")),
        group="Care",
        works="here",
    ),
    Command(
        "care break",
        "Break a service of the demo.",
        "harness.cli.care.demo:break_subject",
        (
            arg("fault", metavar="FAULT", nargs="?", help="Without it, all are listed."),
            flag("--end", help="End a fault that is not of the code, such as a slow store."),
            JSON,
        ),
        "Run it in the demo's folder. Most faults are commits of a colleague that get deployed;\n"
        "others happen to the process or to what it depends on. The list says what each breaks,\n"
        "and who repairs it: the agent without a model, or a person.",
        (
            ("harness care break bad-deploy", ""),
            ("harness care break slow-store --end", ""),
        ),
        group="Care",
        works="here",
    ),
    Command(
        "care traffic",
        "Send requests to the rate limiter of the demo.",
        "harness.cli.care.demo:send_traffic",
        (
            arg("--rps", metavar="N", type=float, default=20.0, help="Requests a second (20)."),
            arg("--duration", metavar="SECONDS", type=float, help="Without it, until Ctrl-C."),
            arg(
                "--burst",
                metavar="N",
                type=float,
                default=1.0,
                help="Every 20 s, for 2 s, N times as many (1: no bursts).",
            ),
            arg("--url", metavar="URL", help="Of the service (default: that of the demo here)."),
            JSON,
        ),
        "The demo sends 20 requests a second of its own; these come on top. Counts the answers\n"
        "by status: 200 allowed, 429 rejected.",
        (("harness care traffic --rps 20 --duration 60 --burst 2.0", ""),),
        group="Care",
        works="here",
    ),
)
