"""How much a model call may use at most."""

from __future__ import annotations

import math

from harness.budgets.rows import Ask
from harness.contracts.message import Image, Message
from harness.contracts.model import ModelRequest
from harness.interceptors import ModelCall
from harness.providers.context.estimate import IMAGE_TOKENS
from harness.providers.prices import Price

MOST_OUTPUT = 16_384
"""Of an answer whose request names no limit."""
ENOUGH = 4_096
"""Most answers fit, so a call with less waits for what other calls may give back."""
USEFUL = 256
THINKING = {"minimal": 8_192, "low": 8_192, "medium": 16_384, "high": 32_768}
"""A model that reasons needs more for an answer: some providers refuse less."""
LAST_MOST, LAST_USEFUL = 1_024, 128
"""Of the last turn, which sums up."""
MESSAGE_TOKENS = 8
"""What providers add to each message."""


def bound_input(request: ModelRequest) -> int:
    """Estimate the tokens of the input, rather too high than too low.

    A token of English text has 4 characters, one of code 3; a character of other alphabets may be
    a token or two.
    """
    texts = [request.instructions, *(tool.wire() for tool in request.tools)]
    if request.output is not None:
        texts.append(str(request.output))
    fixed = sum(map(_bound_text, texts)) + MESSAGE_TOKENS * (1 + len(request.tools))
    return fixed + sum(map(_bound_message, request.messages))


def make_ask(call: ModelCall, id: str, top: str | None, price: Price | None) -> Ask:
    """The reservation of a call; `price` is None if no budget limits its cost."""
    caller, params = call.caller, call.request.params
    last = caller.purpose == "finish"
    tokens = bound_input(call.request)
    most, useful = params.max_output_tokens or MOST_OUTPUT, USEFUL
    if params.reasoning_effort is not None:
        useful = THINKING[params.reasoning_effort]
        most = max(most, useful)
    if last:
        most, useful = max(useful, LAST_MOST), LAST_USEFUL if useful == USEFUL else useful
    input_price = 0.0 if price is None else max(price.input, price.cached, price.cache_write or 0)
    return Ask(
        id=id,
        place=f"{caller.run}/{caller.turn}/{caller.call}/{caller.purpose}/{call.model}",
        attempt=caller.attempt,
        run=caller.run,
        top=top,
        input=tokens,
        input_cost=math.ceil(tokens * input_price) + 1,  # costs are rounded
        output_price=0.0 if price is None else price.output,
        most=most,
        enough=min(most, max(ENOUGH, useful)),
        useful=min(most, useful),
        last=last,
    )


def _bound_message(message: Message) -> int:
    images = sum(isinstance(part, Image) for part in message.parts)
    texts = (part.wire() for part in message.parts if not isinstance(part, Image))
    return MESSAGE_TOKENS + images * 2 * IMAGE_TOKENS + sum(map(_bound_text, texts))


def _bound_text(text: str | bytes) -> int:
    size = len(text if isinstance(text, bytes) else text.encode(errors="replace"))
    characters = len(text if isinstance(text, str) else text.decode(errors="replace"))
    return -(-(2 * size - characters) // 3)
