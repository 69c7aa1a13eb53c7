"""The record of the Durable Streams protocol."""

from harness.contracts.capability import Capability

DURABLE_STREAMS = Capability(
    name="durable_streams",
    summary="Serve the events of runs to clients of Durable Streams.",
    page="how-to/durable-streams.md",
    requires=("api",),
    routes="harness.durable_streams.routes:ROUTES",
)
