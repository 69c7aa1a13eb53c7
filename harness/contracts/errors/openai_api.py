"""How a request of an OpenAI client can be refused."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class OpenAIApiError(HarnessError):
    """A request of an OpenAI client is refused, or has no answer."""

    http_status = 400


class UnsupportedParameter(OpenAIApiError):
    """The request asks for something that an agent cannot do for its caller, such as tools that
    the caller runs, or has a parameter that is unknown. Parameters that only tune a model are
    ignored. See [the mapping](../how-to/openai-clients.md#parameters)."""

    code = "openai_api.unsupported"
    fix = "Leave the parameter out."
    param: str | None = None

    @classmethod
    def of(cls, param: str, message: str, fix: str | None = None) -> UnsupportedParameter:
        """Make the error about one parameter.

        Args:
            param: The parameter.
            message: What is wrong with it.
            fix: What to do about it.

        Returns:
            The error.
        """
        error = cls(message, fix=fix)
        error.param = param
        return error


class ResponseNotFound(OpenAIApiError):
    """No run has this response id, or it belongs to another user."""

    code = "openai_api.response_not_found"
    fix = "Use the id of one of your responses; each belongs to a run."
    http_status = 404


class RunWasAborted(OpenAIApiError):
    """The run was aborted before it had an answer. Chat completions have no status for this."""

    code = "openai_api.aborted"
    fix = "Send the request again to start another run."
    http_status = 409
