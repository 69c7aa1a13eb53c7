"""What streams count besides text, as an estimate of an interrupted answer needs it."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contracts.model import ModelParams, ModelRequest, Usage
from harness.providers.adapter import Where
from harness.providers.chat.chat_wire import ChatFold
from harness.providers.context.estimate import MOST_OUTPUT, MOST_THINKING, bound_output
from harness.providers.gemini.generate_wire import GenerateFold
from harness.providers.ollama.chat_wire import OllamaFold
from harness.providers.received import Hidden, counting_hidden

WHERE = Where("p", "m")
CHAT = b'{"choices":[{"delta":%s}]}'
GEMINI = b'{"candidates":[{"content":{"parts":[%s]}}]}'


@pytest.mark.parametrize(
    ("fold", "data", "most"),
    [
        (ChatFold, CHAT % b'{"reasoning_content":"thought"}', 7),
        (ChatFold, CHAT % b'{"reasoning":"thought","reasoning_content":"thought"}', 7),
        (ChatFold, CHAT % b'{"tool_calls":[{"id":"c","function":{"arguments":"{}"}}]}', 2),
        (ChatFold, CHAT % b'{"content":"text"}', 0),
        (GenerateFold, GEMINI % b'{"text":"thought","thought":true}', 7),
        (GenerateFold, GEMINI % b'{"functionCall":{"name":"a","args":{"a":1}}}', 8),
        (OllamaFold, b'{"message":{"thinking":"thought"}}', 7),
        (
            OllamaFold,
            b'{"message":{"tool_calls":[{"function":{"name":"a","arguments":{"a":1}}}]}}',
            8,
        ),
    ],
)
def test_thoughts_and_arguments_are_counted(fold: Any, data: bytes, most: int) -> None:
    outer, inner = Hidden(), Hidden()
    with counting_hidden(outer), counting_hidden(inner):
        fold(lambda text: None, WHERE).feed(b"", data)
    assert (inner.characters, outer.characters) == (most, most)


@pytest.mark.parametrize(
    ("params", "most"),
    [
        (ModelParams(), MOST_OUTPUT),
        (ModelParams(max_output_tokens=10), 10),
        (ModelParams(max_output_tokens=10, reasoning_effort="low"), MOST_THINKING),
        (ModelParams(max_output_tokens=10, extra={"max_tokens": 99}), MOST_OUTPUT),
    ],
)
def test_a_false_figure_is_bounded(params: ModelParams, most: int) -> None:
    request = ModelRequest(model="m", instructions="", messages=(), params=params)
    found = bound_output(Usage(input=1, output=10**11, reasoning=10**11), request)
    assert (found.output, found.reasoning, found.estimated) == (most, most, True)
    assert bound_output(Usage(input=1, output=most), request).estimated is None
