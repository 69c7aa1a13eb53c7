"""Which parameters of a request count, which are ignored, and which are refused.

Ignored is what tunes a model: the agent has its own. Refused is what would change who acts or what
the answer is, and what is unknown, since ignoring it would be a wrong answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from harness.contracts.errors.openai_api import UnsupportedParameter

IGNORED = frozenset(
    {
        "temperature", "top_p", "frequency_penalty", "presence_penalty", "seed", "logit_bias",
        "max_tokens", "max_completion_tokens", "max_output_tokens", "reasoning",
        "reasoning_effort", "verbosity", "service_tier", "store", "prompt_cache_key",
        "prompt_cache_retention", "safety_identifier", "parallel_tool_calls", "prediction",
        "truncation", "include",
    }
)  # fmt: skip

OWN_TOOLS = "An agent runs its own tools on the server; it does not call tools of the client."
OWN_FORMAT = "The agent decides the format of its answer, by its output type."
TEXT = {"type": "text"}
REFUSED: dict[str, tuple[tuple[Any, ...], str]] = {
    "tools": (([],), OWN_TOOLS),
    "functions": (([],), OWN_TOOLS),
    "tool_choice": (("auto", "none"), OWN_TOOLS),
    "function_call": (("auto", "none"), OWN_TOOLS),
    "max_tool_calls": ((), "The agent's budget limits what it does."),
    "response_format": ((TEXT,), OWN_FORMAT),
    "n": ((1,), "A run has one answer."),
    "stop": (([],), "The agent decides where its answer ends."),
    "logprobs": ((False,), "Runs do not record log probabilities."),
    "top_logprobs": ((0,), "Runs do not record log probabilities."),
    "modalities": ((["text"],), "Answers are text."),
    "audio": ((), "Answers are text."),
    "web_search_options": ((), OWN_TOOLS),
    "conversation": ((), "Continue a response with previous_response_id."),
    "prompt": ((), "The agent has its own instructions."),
}
"""Values that ask for nothing, and why others are refused."""


def check_parameters(given: Mapping[str, Any] | None) -> None:
    """Check the parameters that are not fields of a request.

    Raises:
        UnsupportedParameter: One is unknown, or asks for what an agent does not do.
    """
    for name, value in (given or {}).items():
        if value is None or name in IGNORED:
            continue
        if name == "text":
            _check_text(value)
        elif name not in REFUSED:
            shown = name[:60]
            raise UnsupportedParameter.of(shown, f"The parameter {shown!r} is unknown.")
        elif value not in REFUSED[name][0]:
            raise UnsupportedParameter.of(name, f"{name} is not supported. {REFUSED[name][1]}")


def _check_text(value: Any) -> None:
    """`text` of a response: its format; `verbosity` is ignored."""
    given = cast("dict[str, Any]", value) if isinstance(value, dict) else {"unknown": True}
    if set(given) - {"format", "verbosity"} or given.get("format") not in (None, TEXT):
        raise UnsupportedParameter.of("text.format", f"text.format is not supported. {OWN_FORMAT}")
