"""Gemini's generateContent: convert requests to its JSON, and its events to replies. Pure."""

from __future__ import annotations

import re
from typing import Any

from harness.contracts.errors import InvalidReply, ModelRefused, ModelUnsuitable
from harness.contracts.message import (
    FileRef,
    Image,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from harness.contracts.model import FinishReason, ModelParams, ModelReply, ModelRequest, Usage
from harness.contracts.tool import ToolSpec
from harness.providers import errors
from harness.providers.adapter import Json, Sink, Where
from harness.providers.figures import read_count, read_figures
from harness.providers.limits import PART, Room
from harness.providers.received import note_hidden
from harness.providers.stream import parse_object
from harness.providers.translate import Memo, arguments_object, file_note

BUDGETS = {"minimal": 512, "low": 2048, "medium": 8192, "high": 24_000}
"""Tokens of thought for models before Gemini 3, which take no level."""
UNSIGNED = "skip_thought_signature_validator"
"""Stands for the signature that Gemini 3 requires with each call, where another model made it."""
MALFORMED = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL")
REFUSED = (
    "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "LANGUAGE",
)  # fmt: skip

_tools: Memo[list[Json]] = Memo()
_VERSION = re.compile(r"gemini-(\d+)")


def body_of(request: ModelRequest, where: Where) -> Json:
    """Build the body of POST /models/MODEL:streamGenerateContent."""
    body: Json = {"contents": contents_of(request.messages, where)}
    if request.instructions:
        body["systemInstruction"] = {"parts": [{"text": request.instructions}]}
    if request.tools:
        body["tools"] = _tools.get_or_make(request.tools, _tools_of)
    config = _config_of(request.params, request.model)
    if request.output is not None:
        config["responseMimeType"] = "application/json"
        config["responseJsonSchema"] = request.output
    if config:
        body["generationConfig"] = config
    if request.params.extra:
        body |= request.params.extra
    return body


def _config_of(params: ModelParams, model: str) -> Json:
    named = {
        "temperature": params.temperature,
        "topP": params.top_p,
        "maxOutputTokens": params.max_output_tokens,
        "stopSequences": None if params.stop is None else list(params.stop),
    }
    config: Json = {key: value for key, value in named.items() if value is not None}
    if (effort := params.reasoning_effort) is not None:
        thinking: Json = {"includeThoughts": True}
        if _major_version(model) >= 3:
            thinking["thinkingLevel"] = effort
        else:
            thinking["thinkingBudget"] = BUDGETS[effort]
        config["thinkingConfig"] = thinking
    return config


def _major_version(model: str) -> int:
    """The version in a model's name; names without one, such as gemini-flash-latest, are new."""
    found = _VERSION.search(model)
    return int(found[1]) if found else 3


def _tools_of(tools: tuple[ToolSpec, ...]) -> list[Json]:
    return [
        {
            "functionDeclarations": [
                {
                    "name": tool.name,
                    "description": tool.description,
                    "parametersJsonSchema": tool.parameters,
                }
                for tool in tools
            ]
        }
    ]


def contents_of(messages: tuple[Message, ...], where: Where) -> list[Json]:
    """Convert messages to alternating turns of user and model."""
    contents: list[Json] = []
    for message in messages:
        role = "model" if message.role == "assistant" else "user"
        if role == "model":
            parts = _model_parts(message.parts, where)
        else:
            parts = [made for part in message.parts if (made := _user_part(part, where))]
        if not parts:
            continue
        if contents and contents[-1]["role"] == role:
            contents[-1]["parts"] += parts
        else:
            contents.append({"role": role, "parts": parts})
    return contents


def _user_part(part: Part, where: Where) -> Json | None:
    if isinstance(part, Text):
        return {"text": part.text} if part.text else None
    if isinstance(part, ToolResult):
        said = {"error" if part.error else "output": part.content}
        return {"functionResponse": {"id": part.call, "name": part.name, "response": said}}
    if isinstance(part, FileRef):
        return {"text": file_note(part)}
    if isinstance(part, Image):
        return _image_part(part, where)
    return None


def _image_part(image: Image, where: Where) -> Json:
    kind = image.media_type or "image/png"
    if image.url is not None:
        return {"fileData": {"fileUri": image.url, "mimeType": kind}}
    if image.data is None:
        told = f"the content of image {image.artifact} was not loaded"
        raise errors.make_error(ModelUnsuitable, told, where)
    return {"inlineData": {"mimeType": kind, "data": image.data}}


def _model_parts(parts: tuple[Part, ...], where: Where) -> list[Json]:
    kept: Json = {}
    for part in parts:
        if isinstance(part, Reasoning) and part.opaque and part.provider == where.provider:
            kept |= part.opaque
    signatures: Json = kept.get("calls") or {}
    foreign = _major_version(where.model) >= 3 and not signatures
    made: list[Json] = []
    for part in parts:
        if isinstance(part, Text) and part.text:
            made.append({"text": part.text})
        elif isinstance(part, ToolCall):
            arguments = arguments_object(part)
            call: Json = {"functionCall": {"id": part.id, "name": part.name, "args": arguments}}
            if signature := signatures.get(part.id) or (UNSIGNED if foreign else None):
                call["thoughtSignature"] = signature
            foreign = False  # only the first of parallel calls is signed
            made.append(call)
    if made and "text" in made[-1] and (signature := kept.get("text")):
        made[-1]["thoughtSignature"] = signature
    return made


class GenerateFold:
    """Folds the chunks of one answer."""

    def __init__(self, sink: Sink, where: Where) -> None:
        self.done = False
        self.over = False
        self._sink = sink
        self._where = where
        self._room = Room(where)
        self._id = ""
        self._model = where.model
        self._text: list[str] = []
        self._thought: list[str] = []
        self._calls: list[ToolCall] = []
        self._signatures: dict[str, str] = {}
        self._text_signature: str | None = None
        self._finish: str | None = None
        self._message = ""
        self._usage: Json = {}

    def feed(self, event: bytes, data: bytes) -> bool:
        value = parse_object(data)
        if value.get("error") or event == b"error":
            raise errors.error_of_event(value, self._where)
        return self._add_chunk(value)

    def take(self, answer: Json) -> None:
        self._add_chunk(answer)

    def _add_chunk(self, value: Json) -> bool:
        self._usage = read_figures(value.get("usageMetadata")) or self._usage
        self._id = value.get("responseId") or self._id
        self._model = value.get("modelVersion") or self._model
        feedback: Json = value.get("promptFeedback") or {}
        if blocked := feedback.get("blockReason"):
            told = f"the prompt was blocked: {blocked}"
            raise errors.make_error(ModelRefused, told, self._where)
        moved = False
        for candidate in value.get("candidates") or ():
            content: Json = candidate.get("content") or {}
            for part in content.get("parts") or ():
                moved = self._add_part(part) or moved
            if reason := candidate.get("finishReason"):
                moved = True
                self._finish = reason
                self._message = candidate.get("finishMessage") or ""
                self.done = self.over = True
        return moved

    def _add_part(self, part: Json) -> bool:
        signature = part.get("thoughtSignature")
        self._room.take_characters(len(signature or ""))
        if call := part.get("functionCall"):
            self._add_call(call, signature)
            return True
        text = part.get("text") or ""
        if not isinstance(text, str):
            raise TypeError("the text of a part is not a string")
        self._room.take_characters(len(text))
        if part.get("thought"):
            self._thought.append(text)
            note_hidden(len(text))
            return bool(text)
        self._text_signature = signature or self._text_signature
        if text:
            self._text.append(text)
            self._sink(text)
        return bool(text)

    def _add_call(self, call: Json, signature: str | None) -> None:
        arguments: Any = call.get("args") or {}
        if not isinstance(arguments, dict):
            raise ValueError("the arguments of a call are not an object")
        id = call.get("id") or f"call_{self._id}_{len(self._calls)}"
        size = len(str(arguments))  # pyright: ignore[reportUnknownArgumentType]
        self._room.take_characters(size + PART)
        note_hidden(size)
        self._calls.append(ToolCall(id=id, name=call["name"], arguments=arguments))  # pyright: ignore[reportUnknownArgumentType]
        if signature:
            self._signatures[id] = signature

    def count(self) -> Usage:
        return usage_of(self._usage)

    def reply(self, request_id: str | None) -> ModelReply:
        if self._finish in REFUSED:
            told = self._message or "".join(self._text) or f"stopped: {self._finish}"
            raise errors.make_error(ModelRefused, told, self._where)
        if self._finish in MALFORMED:
            told = f"the model wrote a call that cannot be read: {self._message or self._finish}"
            raise errors.make_error(InvalidReply, told, self._where)
        finish: FinishReason = "tool_calls" if self._calls else "stop"
        if self._finish == "MAX_TOKENS":
            finish = "length"
        return ModelReply(
            message=Message(role="assistant", parts=tuple(self._make_parts())),
            usage=usage_of(self._usage),
            finish=finish,
            model=self._model,
            request_id=request_id or self._id or None,
        )

    def _make_parts(self) -> list[Part]:
        parts: list[Part] = []
        opaque: Json = {}
        if self._signatures:
            opaque["calls"] = self._signatures
        if self._text_signature:
            opaque["text"] = self._text_signature
        thought = "".join(self._thought)
        if thought or opaque:
            kept = opaque or None
            parts.append(
                Reasoning(provider=self._where.provider, text=thought or None, opaque=kept)
            )
        if text := "".join(self._text):
            parts.append(Text(text=text))
        parts += self._calls
        return parts


def usage_of(usage: Json) -> Usage:
    thoughts = read_count(usage, "thoughtsTokenCount")
    return Usage(
        input=(read_count(usage, "promptTokenCount") or 0)
        + (read_count(usage, "toolUsePromptTokenCount") or 0),
        output=(read_count(usage, "candidatesTokenCount") or 0) + (thoughts or 0),
        cached=read_count(usage, "cachedContentTokenCount"),
        reasoning=thoughts,
    )
