"""A model provider that repeats what it hears."""

from harness.extensions import (
    Message,
    ModelReply,
    ModelRequest,
    ProviderSettings,
    Sink,
    Text,
    Usage,
)


class Parrot:
    def __init__(self, name: str, settings: ProviderSettings) -> None:
        self.name = name

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        text = f"{self.name} says: {request.messages[-1].text}"
        sink(text)
        message = Message(role="assistant", parts=(Text(text=text),))
        usage = Usage(input=1, output=1)
        return ModelReply(message=message, usage=usage, finish="stop", model=request.model)

    async def close(self) -> None:
        """Nothing is open."""
