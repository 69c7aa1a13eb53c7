"""Which class of ProviderError an exception of an SDK, a status or a provider's code means."""

from __future__ import annotations

from harness.contracts.errors import (
    ContextOverflow,
    InvalidReply,
    ModelNotFound,
    ModelRefused,
    ProviderAuthenticationFailed,
    ProviderBadRequest,
    ProviderError,
    ProviderOverloaded,
    ProviderPermissionDenied,
    ProviderProtocolMismatch,
    ProviderQuotaExceeded,
    ProviderServerError,
    ProviderTimeout,
    ProviderUnreachable,
    RateLimited,
    StreamInterrupted,
)

Kind = type[ProviderError]
BY_STATUS = ProviderError
"""The status of the answer decides which error it is."""

EXCEPTIONS: dict[str, Kind] = {
    # By the name of the class or of its nearest ancestor here; with the package before it where two
    # SDKs mean different things by one name. A test fails if an SDK has an exception that only its
    # root class covers. First, what openai, anthropic and groq share:
    "APIError": ProviderServerError,
    "APIStatusError": BY_STATUS,
    "APIConnectionError": ProviderUnreachable,
    "APITimeoutError": ProviderTimeout,
    "APIResponseValidationError": InvalidReply,
    "BadRequestError": BY_STATUS,
    "AuthenticationError": BY_STATUS,
    "PermissionDeniedError": BY_STATUS,
    "NotFoundError": BY_STATUS,
    "ConflictError": BY_STATUS,
    "UnprocessableEntityError": BY_STATUS,
    "RateLimitError": BY_STATUS,
    "InternalServerError": BY_STATUS,
    # openai
    "OpenAIError": ProviderAuthenticationFailed,  # raised bare where no credentials were given
    "OAuthError": BY_STATUS,
    "SubjectTokenProviderError": ProviderAuthenticationFailed,
    "LengthFinishReasonError": InvalidReply,
    "ContentFilterFinishReasonError": ModelRefused,
    "WebSocketConnectionClosedError": ProviderUnreachable,
    "WebSocketQueueFullError": ProviderUnreachable,
    "InvalidWebhookSignatureError": InvalidReply,
    # anthropic
    "AnthropicError": ProviderAuthenticationFailed,
    "APIWebhookValidationError": InvalidReply,
    "PaymentRequiredError": BY_STATUS,
    "RequestTimeoutError": BY_STATUS,
    "PreconditionFailedError": BY_STATUS,
    "ContentTooLargeError": BY_STATUS,
    "RequestHeaderFieldsTooLargeError": BY_STATUS,
    "ClientClosedRequestError": BY_STATUS,
    "HTTPNotImplementedError": BY_STATUS,
    "ServiceUnavailableError": BY_STATUS,
    "GatewayTimeoutError": BY_STATUS,
    "OverloadedError": BY_STATUS,
    "RetryableError": ProviderServerError,
    "CredentialsError": ProviderAuthenticationFailed,
    "IdentityTokenFileError": ProviderAuthenticationFailed,
    # groq
    "GroqError": ProviderAuthenticationFailed,
    # google-genai
    "google.APIError": BY_STATUS,
    "google.ClientError": BY_STATUS,
    "google.ServerError": BY_STATUS,
    "google.UnknownApiResponseError": InvalidReply,
    "google.EphemeralTokenAPIKeyError": ProviderAuthenticationFailed,
    "google.ContinuationInterruptedError": StreamInterrupted,
    # mistralai
    "mistralai.MistralError": BY_STATUS,
    "mistralai.HTTPValidationError": BY_STATUS,
    "mistralai.ObservabilityError": BY_STATUS,
    "mistralai.SDKError": BY_STATUS,
    "mistralai.ResponseValidationError": InvalidReply,
    "mistralai.NoResponseError": ProviderUnreachable,
    "mistralai.ServiceAccountTokenError": ProviderAuthenticationFailed,
    # ollama
    "ollama.ResponseError": BY_STATUS,
    "ollama.RequestError": ProviderBadRequest,
    # ours, where an SDK leaves it to the HTTP client to say that no answer began
    "Unreached": ProviderUnreachable,
    "TimedOut": ProviderTimeout,
    # the HTTP client under all of them, once the answer streams
    "TimeoutException": ProviderTimeout,
    "RemoteProtocolError": StreamInterrupted,
    "NetworkError": StreamInterrupted,
    "DecodingError": InvalidReply,
    "RequestError": ProviderUnreachable,
    "StreamError": StreamInterrupted,
    "SSLError": ProviderUnreachable,
    # aiohttp, where the SDK's transport over it passes them on
    "ClientResponseError": ProviderProtocolMismatch,
    "ClientError": ProviderUnreachable,
    "EndOfStream": StreamInterrupted,
}

STATUS: dict[int, Kind] = {
    401: ProviderAuthenticationFailed,
    402: ProviderQuotaExceeded,
    403: ProviderPermissionDenied,
    404: ModelNotFound,
    408: ProviderTimeout,
    409: ProviderServerError,
    413: ContextOverflow,
    425: ProviderOverloaded,
    429: RateLimited,
    499: ProviderUnreachable,
    503: ProviderOverloaded,
    504: ProviderTimeout,
    524: ProviderTimeout,
    529: ProviderOverloaded,
}

CODES: dict[str, Kind] = {
    "context_length_exceeded": ContextOverflow,
    "string_above_max_length": ContextOverflow,
    "request_too_large": ContextOverflow,
    "model_context_window_exceeded": ContextOverflow,
    "insufficient_quota": ProviderQuotaExceeded,
    "billing_hard_limit_reached": ProviderQuotaExceeded,
    "billing_not_active": ProviderQuotaExceeded,
    "billing_error": ProviderQuotaExceeded,
    "content_filter": ModelRefused,
    "content_policy_violation": ModelRefused,
    "image_content_policy_violation": ModelRefused,
    "misalignment_policy_violation": ModelRefused,
    "bio_policy": ModelRefused,
    "invalid_prompt": ModelRefused,
    "invalid_api_key": ProviderAuthenticationFailed,
    "authentication_error": ProviderAuthenticationFailed,
    "account_deactivated": ProviderAuthenticationFailed,
    "permission_error": ProviderPermissionDenied,
    "unsupported_country_region_territory": ProviderPermissionDenied,
    "model_not_found": ModelNotFound,
    "not_found_error": ModelNotFound,
    "rate_limit_exceeded": RateLimited,
    "rate_limit_error": RateLimited,
    "slow_down": ProviderOverloaded,
    "overloaded_error": ProviderOverloaded,
    "server_overloaded": ProviderOverloaded,
    "service_unavailable": ProviderOverloaded,
    "engine_overloaded": ProviderOverloaded,
    "timeout_error": ProviderTimeout,
    "vector_store_timeout": ProviderTimeout,
    "server_error": ProviderServerError,
    "internal_server_error": ProviderServerError,
    "internal_error": ProviderServerError,
    "api_error": ProviderServerError,
    "processing_error": ProviderServerError,
    "resource_exhausted": RateLimited,  # google's names
    "unavailable": ProviderOverloaded,
    "internal": ProviderServerError,
    "deadline_exceeded": ProviderTimeout,
    "unauthenticated": ProviderAuthenticationFailed,
    "api_key_invalid": ProviderAuthenticationFailed,
    "permission_denied": ProviderPermissionDenied,
    "not_found": ModelNotFound,
    "tool_use_failed": InvalidReply,  # groq: the model wrote a call that does not parse
    "contract_spend_limit_reached": ProviderQuotaExceeded,
    "enforced_spend_limit_reached": ProviderQuotaExceeded,
    "organization_on_hold": ProviderPermissionDenied,
    "cmek_key_disabled": ProviderPermissionDenied,
    "request_body_timeout": ProviderTimeout,
}
