"""The record of the API for OpenAI clients."""

from harness.contracts.capability import Capability

OPENAI_API = Capability(
    name="openai_api",
    summary="Serve agents as models to OpenAI clients: chat completions and responses.",
    page="how-to/openai-clients.md",
    requires=("api",),
    routes="harness.openai_api.routes:ROUTES",
)
