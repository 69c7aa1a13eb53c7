"""Models: names, plans, requests and replies."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from harness.contracts.base import Flag, Word
from harness.contracts.gate import GateVerdict
from harness.contracts.memory import MemoryPolicy
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
    """Candidates in order, the features they need, and when to try the next one."""

    candidates: tuple[Candidate, ...] = Field(min_length=1)
    requires: tuple[Feature, ...] = ()
    min_context: int | None = None
    max_price: float | None = None
    """US dollars per million tokens, of input and of output, at most. A model without a known price
    does not meet it."""
    regions: tuple[str, ...] | None = None
    """Values of the setting `providers.NAME.region` that are allowed. A provider without one does
    not meet it."""
    fall_through: tuple[str, ...] = (
        "rate_limit", "overloaded", "server", "timeout", "network", "cut_stream",
        "invalid_reply", "circuit_open", "quota", "authentication", "permission", "not_found",
    )  # fmt: skip
    """Categories of provider errors after which the next candidate is tried."""


class ContextPolicy(Word):
    """How much of a growing conversation each call sends: all of it, or what fits."""

    max_input_tokens: int | None = None
    """Older exchanges are left out once the input exceeds this many tokens, until a quarter is
    free. A tool call and its result stay together. The instructions, the first user message,
    pinned messages, hints and summaries stay."""
    keep_results: Annotated[int, Field(ge=1)] | None = None
    """Results of this many newest tool calls, at least, are sent in full. Older ones become stubs,
    each time as many more have arrived."""
    compact_at: Annotated[int, Field(ge=1)] | None = None
    """Once a call reads this many tokens, a model summarizes the conversation before the next one.
    What was always sent stays as it is, and so do the newest exchanges."""
    keep_last: Annotated[int, Field(ge=1)] | None = None
    """Exchanges that a summary leaves as they are; 5 if absent."""
    summary_model: ModelRef | None = None
    """The model that summarizes; the agent's own if absent."""


class AgentSpec(Word):
    """The parts of an agent that never change in a run, stored under their hash and pinned."""

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
    memory: MemoryPolicy | None = None
    """What the agent remembers across runs."""
    gates: tuple[str, ...] | None = None
    """The agent's own gates of model calls: a worker without one of them makes no call."""


def _clamp_tokens(tokens: Any) -> Any:
    """Clamp a provider's figure: Temporal's index takes 64 bits."""
    return min(max(tokens, 0), MAX_TOKENS) if isinstance(tokens, int) else tokens


Scale = Annotated[float, Field(ge=0.2, le=10.0)]
"""Tokens that a provider counted for each one that was estimated."""
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
    """Counted from the text, at least in part: the provider reported none."""

    @property
    def total(self) -> int:
        """Tokens in and out."""
        return self.input + self.output

    @property
    def hit_rate(self) -> float | None:
        """The part of the input that came from the provider's cache; None if it reports none."""
        if self.cached is None or not self.input:
            return None
        return min(1.0, self.cached / self.input)

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
    """A request to an adapter, already trimmed to what fits."""

    model: str
    """The provider's own name of the model, without the provider."""
    instructions: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    params: ModelParams = ModelParams()
    output: dict[str, Any] | None = None
    cache_key: str | None = None
    """The same throughout a conversation, for providers that route by it."""


FinishReason = Literal["stop", "tool_calls", "length"]


class Rates(Word):
    """What a provider says about its rate limits with an answer; absent if it does not."""

    requests: int | None = None
    """Requests that it allows per minute."""
    requests_left: int | None = None
    tokens: int | None = None
    """Tokens that it allows per minute."""
    tokens_left: int | None = None


class ModelReply(Word):
    """What an adapter returns when the stream is complete."""

    message: Message
    usage: Usage
    finish: FinishReason
    model: str
    """The model that answered, as the provider names it (often with its date)."""
    request_id: str | None = None
    rates: Rates | None = None
    """What the provider says about its rate limits."""
    gates: tuple[GateVerdict, ...] | None = None
    """What gates decided about the call."""


class CallModel(Word):
    """Input of the `call_model` activity: what is new since `head`, never the whole transcript."""

    spec: str
    messages: tuple[Message, ...]
    turn: int
    head: str | None = None
    call: int | None = None
    """Number of the repeated call within the turn, from 1; absent for the first call. A call is
    repeated after an interrupt, or when the transcript has to be resent."""
    model: ModelRef | None = None
    """The run's own model, instead of the plan's candidates."""
    salt: str | None = None
    """See `Node.salt`."""
    scale: Scale | None = None
    """Measured in an earlier turn of the run."""
    started: Started | None = None
    """How the run was started, with the first call of its first execution."""
    finish: Flag = None
    """A last answer without tools, since a budget was reached."""


class Fallback(Word):
    """A candidate that was skipped, and why."""

    model: str
    code: str
    message: str


class Interrupted(Word):
    """Attempts at a call that a crash, a stop or an abort interrupted. All figures are estimates
    from the lengths of the prompt and the received text, and not part of the settled cost."""

    attempts: int
    usage: Usage
    cost_micros: int | None = None
    """Millionths of a US dollar; absent if the price is unknown."""


class CompactContext(Word):
    """Input of the `compact_context` activity: what the conversation at `head` is read with."""

    spec: str
    head: str
    turn: int
    """The last turn of the conversation, or of the run that continues it."""
    model: ModelRef | None = None
    """See `CallModel.model`."""
    salt: str | None = None
    scale: Scale | None = None
    measured: int | None = None
    """Tokens of the call after which it was asked for; absent if nothing was called yet."""


class Compacted(Word):
    """Result of `compact_context`."""

    replaces: str
    """The head of the whole conversation."""
    head: str | None = None
    """The node that stands for it; absent if there was nothing to summarize."""
    before: int
    """Tokens that a call read until now, as far as is known."""
    after: int
    """Tokens that the next call reads, estimated."""
    summarized: int | None = None
    """Messages that the summary stands for."""
    summary: str | None = None
    model: str | None = None
    usage: Usage | None = None
    cost_micros: int | None = None
    """Millionths of a US dollar; absent if the price is unknown."""
    ms: float | None = None


class ModelTurn(Word):
    """Result of `call_model`: the reply and the new head of the transcript."""

    head: str
    message: Message
    model: str
    """provider/model that answered."""
    usage: Usage
    cost_micros: int | None = None
    """Millionths of a US dollar; absent if the price is unknown."""
    finish: FinishReason
    """`length`: the answer was cut off at the model's output limit."""
    first_ms: float | None = None
    """From the request to the first token."""
    ms: float
    """From the request to the last."""
    dropped: int | None = None
    """Messages that the context policy left out."""
    cleared: int | None = None
    """Messages with tool results that it replaced by stubs."""
    scale: Scale | None = None
    """Measured if the context policy counts tokens, and the provider reported some."""
    fallbacks: tuple[Fallback, ...] | None = None
    data: Any = None
    """The typed result, if the agent has an output type and this is the final reply."""
    invalid: str | None = None
    """Why the final reply does not fit the output type."""
    interrupted: Flag = None
    """The call was cancelled; `message` is what had arrived by then."""
    cut: Interrupted | None = None
    """Attempts that were interrupted before this reply, and the reply itself if `interrupted`."""
    recovered: Flag = None
    """This is the answer to an earlier attempt, which was already paid for."""
    request_id: str | None = None
    saved: str | None = None
    """The newest head known to be durable."""
    signatures: tuple[str, ...] | None = None
    """MACs of the message's tool calls, in their order: `run_tool` runs no other calls."""
    gates: tuple[GateVerdict, ...] | None = None
    """What gates decided about the request and the reply, except that they may pass."""
