"""A model provider failed or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.errors.base import HarnessError

if TYPE_CHECKING:
    from harness.contracts.model import Usage


class ProviderError(HarnessError):
    """A model provider failed or refused."""

    http_status = 502
    usage: Usage | None = None
    """What the provider counted, with zeros for what it did not report; None if no answer of a
    model had begun. It stays in the worker process."""


class ProviderBadRequest(ProviderError):
    """The provider rejects the request as malformed. A retry would not help."""

    code = "provider.bad_request"
    fix = "The provider rejects the request as malformed: see its message."


class ProviderAuthenticationFailed(ProviderError):
    """The provider does not accept the API key, or none is set."""

    code = "provider.authentication"
    fix = "Check the provider's API key."


class ProviderPermissionDenied(ProviderError):
    """The key is valid but may not use this model, region or feature."""

    code = "provider.permission"
    fix = "This key may not use this model."


class ModelNotFound(ProviderError):
    """The provider has no model with that name."""

    code = "provider.not_found"
    fix = "Check the model's name: `harness models`."


class ProviderQuotaExceeded(ProviderError):
    """The account has no credit left or has reached its spending limit."""

    code = "provider.quota"
    fix = "The account is out of credit: add some or use another provider."


class ModelRefused(ProviderError):
    """The model, or a filter in front of it, declined to answer."""

    code = "provider.refusal"
    fix = "The model declined. Rephrase the request."


class ContextOverflow(ProviderError):
    """The conversation exceeds the model's context window.
    `context=ContextPolicy(max_input_tokens=...)` omits old turns."""

    code = "provider.context_overflow"
    fix = "Shorten the conversation or set a context policy."


class ProviderProtocolMismatch(ProviderError):
    """The server answers, but not in the protocol of its `kind`: a web page, other JSON, a
    compressed answer, or no HTTP at all. A complete answer that is not streamed is accepted."""

    code = "provider.protocol"
    fix = "Check the provider's base_url and kind: the server does not speak this protocol."


class ProviderTlsFailed(ProviderError):
    """No encrypted connection: the server speaks plain http, or its certificate is not trusted or
    belongs to another name."""

    code = "provider.tls"
    fix = "Check http or https in base_url, and the certificates that this machine trusts."


class AnswerTooLarge(ProviderError):
    """The answer exceeds what harness accepts: 64 MiB on the wire, 8 MiB in one event, or 8 MiB of
    text, reasoning and arguments."""

    code = "provider.too_large"
    fix = "Limit the answer with max_output_tokens, or use another model."


class RateLimited(ProviderError):
    """Too many requests or tokens within a period. The next attempt starts when the provider
    allows it (Retry-After), after an hour at the latest. If the plan has another model, that is
    tried first."""

    code = "provider.rate_limit"
    fix = "Retried automatically; lower the load if it persists."
    retryable = True


class ProviderOverloaded(ProviderError):
    """The provider is overloaded."""

    code = "provider.overloaded"
    fix = "Retried automatically."
    retryable = True


class ProviderServerError(ProviderError):
    """The provider failed with an error of its own (5xx)."""

    code = "provider.server"
    fix = "Retried automatically."
    retryable = True


class ProviderTimeout(ProviderError):
    """No complete answer within `timeout_seconds`, or no progress for `idle_seconds`."""

    code = "provider.timeout"
    fix = "Retried automatically."
    retryable = True


class ProviderUnreachable(ProviderError):
    """The provider could not be reached: its name does not resolve, or the connection was refused
    or lost. The message names the address."""

    code = "provider.network"
    fix = "Retried automatically; check the address and the connection."
    retryable = True


class StreamInterrupted(ProviderError):
    """The answer's stream ended before its closing event. What had arrived is discarded: a partial
    answer is never taken for a complete one."""

    code = "provider.cut_stream"
    fix = "Retried automatically."
    retryable = True


class InvalidReply(ProviderError):
    """The answer cannot be read: invalid JSON, no content, or not in the protocol's form."""

    code = "provider.invalid_reply"
    fix = "Retried automatically."
    retryable = True


class CircuitOpen(ProviderError):
    """The provider failed five times in a row in this process, so it is not called for 15 seconds.
    If the plan has another model, that is tried at once; otherwise the call waits, without using
    up an attempt. The message contains the last failure."""

    code = "provider.circuit_open"
    fix = "Retried automatically; the message says what failed before."
    retryable = True


class ModelUnsuitable(ProviderError):
    """The model lacks something that the agent requires: tools, a typed result, images or a long
    enough context."""

    code = "provider.unsupported"
    fix = "Choose a model that can do what the agent requires."


class ProviderPackageMissing(ProviderError):
    """The provider needs a Python package that is not installed: its official SDK, or what the
    offline embedder runs on. If the plan has another model, that is tried."""

    code = "provider.package"
    fix = "Install the extra that the message names."


class BrokenTestModel(ProviderError):
    """A model of `harness.testing` has no answer: its script has run out, a reply is malformed, or
    its function raised. The message names the reply or the function."""

    code = "provider.test_model"
    fix = "Correct the test's model."


class UnknownProvider(ProviderError):
    """No provider with that name is built in or configured."""

    code = "provider.unknown"
    fix = "Name models as provider/model: `harness models`."
