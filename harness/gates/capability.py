"""The record of gates."""

from harness.contracts.capability import Capability

GATES = Capability(
    name="gates",
    summary="Stop, change or ask about model and tool calls; trace arguments; mask values.",
    page="how-to/safety.md",
    essential=True,
    commands="harness.cli.gates.table:GATES_COMMANDS",
    settings="harness.gates.settings:GatesSettings",
    routes="harness.gates.routes:ROUTES",
    model_interceptor="harness.gates.model_gates:make_model_gates",
    tool_interceptor="harness.gates.tool_gates:make_tool_gates",
)
