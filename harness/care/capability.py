"""The records of care."""

from harness.contracts.capability import Capability

CARE = Capability(
    name="care",
    summary="Watch services, and repair them with permission: metrics, invariants, tickets.",
    page="how-to/care.md",
    requires=("api", "undo", "archive"),
    commands="harness.cli.care.table:CARE_COMMANDS",
    migrations="harness.care.migrations",
    settings="harness.care.settings:CareSettings",
    providers=(("care", "harness.care.rules.model:CareRules"),),
    routes="harness.care.routes:ROUTES",
    panels="harness.care.panels:PANELS",
    workflows=(
        "harness_workflows.care.ticket:CareTicket",
        "harness_workflows.care.act:CareActs",
    ),
    sealed=("CareTicket", "CareAct"),
    activities=(
        "harness_activities.care.ticket:make_activities",
        "harness_activities.care.act:make_activities",
    ),
    patient=True,
)

CARE_WATCH = Capability(
    name="care_watch",
    summary="Evaluate invariants regularly.",
    page="how-to/care.md",
    requires=("care",),
    workflows=("harness_workflows.care.watch:CareWatch",),
    activities=("harness_activities.care.watch:make_activities",),
    unsigned=True,
    service="harness.care.watching:keep_watch",
)
