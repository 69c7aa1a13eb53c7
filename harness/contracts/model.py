"""Models: how they are named and planned for, what goes in and what comes out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from harness.contracts.base import Flag, Word
from harness.contracts.message import Message
from harness.contracts.permit import Started
from harness.contracts.tool import ToolSpec

ModelRef = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*/\S+$", strip_whitespace=True)
]
"""provider/model, such as openai/gpt-5 or ollama/llama3.3:70b."""

Feature = Literal["tools", "output", "vision", "reasoning"]


def split_ref(ref: str) -> tuple[str, str]:
    provider, _, model = ref.partition("/")
    return provider, model


class ModelParams(Word):
    """Parameters of a model; those that are left out are the provider's own."""

    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    reasoning_effort: Literal["minimal", "low", "medium", "high"] | None = None
    stop: tuple[str, ...] | None = None
    extra: dict[str, Any] | None = None
    """Passed to the provider as it is."""


class Candidate(Word):
    """A model of a plan, as provider/model, with its parameters."""

    model: ModelRef
    params: ModelParams | None = None


class ModelPlan(Word):
    """Candidates in order, what they must be able to do, and when the next one is tried."""

    candidates: tuple[Candidate, ...] = Field(min_length=1)
    requires: tuple[Feature, ...] = ()
    min_context: int | None = None
    fall_through: tuple[str, ...] = (
        "rate_limit", "overloaded", "server", "timeout", "network", "cut_stream",
        "invalid_reply", "circuit_open", "quota", "authentication", "permission", "not_found",
    )  # fmt: skip
    """Categories of provider errors after which the next candidate is tried."""


class ContextPolicy(Word):
    """What a call sends when the conversation grows: all of it, or what fits."""

    max_input_tokens: int | None = None
    """Older turns are left out beyond this (by estimate); a tool call is never parted from its
    result, and the first user message stays."""


class AgentSpec(Word):
    """What never changes in a run, stored once under its hash and pinned by every run."""

    name: str
    instructions: str
    plan: ModelPlan
    tools: tuple[ToolSpec, ...] = ()
    output: dict[str, Any] | None = None
    """JSON schema of the typed result."""
    context: ContextPolicy = ContextPolicy()
    dynamic: Flag = None
    """A worker writes the instructions when a run begins; the transcript holds them."""
    wrapped: Flag = None
    """`output` is an object with the typed result in its one field, `value`."""


def _clamp_tokens(tokens: Any) -> Any:
    """Providers' figures as they can be counted with: the engine's index takes 64 bits."""
    return min(max(tokens, 0), MAX_TOKENS) if isinstance(tokens, int) else tokens


MAX_TOKENS = 10**12
Tokens = Annotated[int, BeforeValidator(_clamp_tokens)]


class Usage(Word):
    """Tokens. `cached` and `cache_write` are parts of `input`, `reasoning` of `output`."""

    input: Tokens = 0
    output: Tokens = 0
    cached: Tokens | None = None
    cache_write: Tokens | None = None
    reasoning: Tokens | None = None
    estimated: Flag = None
    """Counted from the text, at least in part: the provider did not say."""

    @property
    def total(self) -> int:
        """Tokens in and out."""
        return self.input + self.output

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input=self.input + other.input,
            output=self.output + other.output,
            cached=_add_counts(self.cached, other.cached),
            cache_write=_add_counts(self.cache_write, other.cache_write),
            reasoning=_add_counts(self.reasoning, other.reasoning),
            estimated=self.estimated or other.estimated,
        )


def _add_counts(a: int | None, b: int | None) -> int | None:
    return None if a is None and b is None else (a or 0) + (b or 0)


class ModelRequest(Word):
    """What an adapter is asked for, already trimmed to what fits."""

    model: str
    """The provider's own name of the model, without the provider."""
    instructions: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    params: ModelParams = ModelParams()
    output: dict[str, Any] | None = None
    cache_key: str | None = None
    """Stays the same through a conversation, for providers that route by it."""


FinishReason = Literal["stop", "tool_calls", "length"]


class ModelReply(Word):
    """What an adapter returns once the stream has ended well."""

    message: Message
    usage: Usage
    finish: FinishReason
    model: str
    """The model that answered, as the provider names it (often with its date)."""
    request_id: str | None = None


class CallModel(Word):
    """Input of the `call_model` activity: what is new since `head`, never the whole transcript."""

    spec: str
    messages: tuple[Message, ...]
    turn: int
    head: str | None = None
    call: int | None = None
    """Which call of the turn, from 1; absent for the first (a call is made again after an
    interrupt, or when the transcript had to be sent again)."""
    model: ModelRef | None = None
    """The run's own model in place of the plan's candidates."""
    salt: str | None = None
    """See `Node.salt`."""
    started: Started | None = None
    """How the run was started, with the first call of its first execution."""


class Fallback(Word):
    """A candidate that was passed over, and why."""

    model: str
    code: str
    message: str


class Interrupted(Word):
    """Attempts at a call that a crash, a stop or an abort cut off. Everything is an estimate, from
    the length of the prompt and of the text that had come; the settled cost does not hold it."""

    attempts: int
    usage: Usage
    cost_micros: int | None = None
    """Millionths of a US dollar; absent where no price is known."""


class ModelTurn(Word):
    """Result of `call_model`: the reply and the new head of the transcript."""

    head: str
    message: Message
    model: str
    """provider/model that answered."""
    usage: Usage
    cost_micros: int | None = None
    """Millionths of a US dollar; absent where no price is known."""
    finish: FinishReason
    """`length`: the answer was cut off at the model's output limit."""
    first_ms: float | None = None
    """From the request to the first token."""
    ms: float
    """From the request to the last."""
    dropped: int | None = None
    """Messages that the context policy left out."""
    fallbacks: tuple[Fallback, ...] | None = None
    data: Any = None
    """The typed result, where the agent has an output type and this is the final reply."""
    invalid: str | None = None
    """Why the final reply does not fit the output type."""
    interrupted: Flag = None
    """The call was cancelled; `message` is what had come by then."""
    cut: Interrupted | None = None
    """Attempts that were cut off before this reply, and the reply itself where `interrupted`."""
    recovered: Flag = None
    """An earlier attempt had been answered and paid for already; this is its answer."""
    request_id: str | None = None
    saved: str | None = None
    """The newest head that is known to be durable."""
    signatures: tuple[str, ...] | None = None
    """MACs of the message's tool calls, in their order: `run_tool` runs no other calls."""
