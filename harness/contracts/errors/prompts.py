"""A prompt template cannot be found, saved or filled in."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class PromptError(HarnessError):
    """A prompt template cannot be found, saved or filled in."""

    http_status = 400


class PromptNotFound(PromptError):
    """There is no prompt template with that name, or it has no such version."""

    code = "prompts.not_found"
    fix = "List them: `harness prompt list`."
    http_status = 404


class PromptArchived(PromptError):
    """The prompt template is archived: no version can be added, and a run can use it only by naming
    a version."""

    code = "prompts.archived"
    fix = "Name a version, such as NAME@1, or restore it: `harness prompt restore NAME`."
    http_status = 409


class InvalidTemplate(PromptError):
    """The text of a prompt template is malformed, or what it declares does not fit what it uses."""

    code = "prompts.invalid_template"
    fix = "Correct the line that the message names."


class InvalidVariable(PromptError):
    """A variable of a prompt template is missing, unknown, or its value is not of its type."""

    code = "prompts.invalid_variable"
    fix = "See the variables: `harness prompt show NAME`."


class PromptTooLarge(PromptError):
    """A prompt template, the values of its variables or the prompt that they make is too large."""

    code = "prompts.too_large"
    fix = "Put large content into a file that the agent reads."
    http_status = 413


class TooManyPrompts(PromptError):
    """The limit of templates, or of versions of one, is reached."""

    code = "prompts.too_many"
    fix = "Save under an existing name; if that one has too many versions, use a new name."
    http_status = 409
