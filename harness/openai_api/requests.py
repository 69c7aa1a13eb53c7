"""What OpenAI's clients send."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from harness.runs.views import MAX_LABELS

Content = str | list[dict[str, Any]] | None
ClientRole = Literal["system", "developer", "user", "assistant", "tool", "function"]
Metadata = dict[
    Annotated[str, StringConstraints(min_length=1, max_length=64)],
    Annotated[str, StringConstraints(max_length=512)],
]
MAX_MESSAGES = 5_000
MAX_KEYS = 16
assert MAX_KEYS < MAX_LABELS


class ClientBody(BaseModel):
    """Other fields are looked at by `check_parameters`."""

    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True)


class ClientMessage(ClientBody):
    """A message of a conversation."""

    role: ClientRole
    """Who said it."""
    content: Content = None
    """A text, or parts: texts, and pictures of users."""
    tool_calls: list[Any] | None = None
    """Refused: the agent calls its own tools."""
    function_call: Any = None
    """Refused, as `tool_calls` is."""

    @property
    def calls_tools(self) -> bool:
        """Whether it asks for tools."""
        return bool(self.tool_calls or self.function_call)


class InputItem(ClientBody):
    """An item of a response's input; only messages are accepted."""

    type: str = "message"
    """Only `message` is accepted."""
    role: ClientRole | None = None
    """Who said it."""
    content: Content = None
    """A text, or parts: texts, and pictures of users."""


class Generation(ClientBody):
    """What the requests of both protocols have."""

    model: str = Field(min_length=1, max_length=200)
    """The name of a published agent."""
    stream: bool | None = None
    """Answer with server-sent events, live."""
    metadata: Metadata | None = Field(default=None, max_length=MAX_KEYS)
    """Labels of the run."""
    user: str | None = Field(default=None, max_length=512)
    """The label `openai.user` of the run. The owner of the run is always the token's user."""


class StreamOptions(ClientBody):
    """Options of a stream."""

    include_usage: bool | None = None
    """Send the usage in the last chunk."""


class ChatCompletionBody(Generation):
    """A conversation for an agent to answer."""

    messages: list[ClientMessage] = Field(min_length=1, max_length=MAX_MESSAGES)
    """The conversation; all of it becomes the messages of the run."""
    stream_options: StreamOptions | None = None
    """With `include_usage`, the last chunk has the usage."""


class ResponseBody(Generation):
    """Input for an agent to answer."""

    input: str | list[InputItem] = Field(min_length=1, max_length=10_000_000)
    """A text, or messages."""
    instructions: str | None = None
    """Put before the input as a message; the agent's own instructions stay above it."""
    previous_response_id: str | None = None
    """The response to continue: its transcript comes before the input."""
    background: bool | None = None
    """Answer at once; poll or stream the response later."""
    stream_options: StreamOptions | None = None
    """Accepted for compatibility; the last event always has the usage."""
