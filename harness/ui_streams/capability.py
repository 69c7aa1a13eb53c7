"""The record of the protocols of user interfaces."""

from harness.contracts.capability import Capability

UI_STREAMS = Capability(
    name="ui_streams",
    summary="Serve agents to user interfaces: AG-UI and the AI SDK.",
    page="how-to/ag-ui.md",
    requires=("api", "conversations"),
    routes="harness.ui_streams.routes:ROUTES",
)
