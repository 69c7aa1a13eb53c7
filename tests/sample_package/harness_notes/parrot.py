"""A model provider that repeats what it hears, and has the words of `count TEXT` counted."""

from harness.extensions import (
    Message,
    ModelReply,
    ModelRequest,
    ProviderSettings,
    Sink,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)

COUNT = "count "


class Parrot:
    def __init__(self, name: str, settings: ProviderSettings) -> None:
        self.name = name

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        heard = request.messages[-1]
        usage = Usage(input=1, output=1)
        if heard.text.startswith(COUNT):
            arguments = {"text": heard.text.removeprefix(COUNT)}
            call = ToolCall(id="count-1", name="count_words", arguments=arguments)
            message = Message(role="assistant", parts=(call,))
            return ModelReply(
                message=message, usage=usage, finish="tool_calls", model=request.model
            )
        results = [part.content for part in heard.parts if isinstance(part, ToolResult)]
        text = f"{self.name} says: {heard.text or results[0]}"
        sink(text)
        message = Message(role="assistant", parts=(Text(text=text),))
        return ModelReply(message=message, usage=usage, finish="stop", model=request.model)

    async def close(self) -> None:
        """Nothing is open."""
