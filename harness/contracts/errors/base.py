"""The base of every error, and how an error travels as data."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

_CLASSES: dict[str, type[HarnessError]] = {}


class ErrorInfo(BaseModel):
    """An error as it travels: in events, results, failures and JSON output."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    fix: str
    retryable: bool
    retry_after: float | None = None

    def __str__(self) -> str:
        return f"{self.message} [{self.code}] {self.fix}"


class HarnessError(Exception):
    """The base of every error that harness raises.

    Raise a subclass that has a `code`. A capability declares its own: a subclass with a code
    ``<capability>.<what>``, a `fix`, and a docstring that says when the error occurs. All three
    appear in the documentation.

    Args:
        message: What is wrong, naming the thing.
        fix: What to do about it, if the class's own `fix` is not exact enough.
        retry_after: Seconds to wait before a retry, if the other side named them.
    """

    code: ClassVar[str] = ""
    """Stable: the `type` of the `ApplicationError` in Temporal, the `code` in `--json`, and the
    anchor in docs/reference/errors.md."""
    fix: str = ""
    """What a person can do about it."""
    retryable: ClassVar[bool] = False
    """Whether Temporal retries an activity that raises it."""
    http_status: ClassVar[int] = 500
    """The status of the API's answer to a request that raises it."""
    waited: bool = False
    """The call only waited for its turn: it may be repeated as often as that takes. It stays in the
    worker process."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" not in cls.__dict__:
            return
        taken = _CLASSES.setdefault(cls.code, cls)
        if (taken.__module__, taken.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"{cls.__name__} and {taken.__name__} share the code {cls.code!r}.")
        _CLASSES[cls.code] = cls

    def __init__(
        self, message: str, *, fix: str | None = None, retry_after: float | None = None
    ) -> None:
        if not self.code:
            raise TypeError(f"{type(self).__name__} has no code: raise one of its subclasses.")
        super().__init__(message)
        self.message = message
        self.fix = fix or type(self).fix
        self.retry_after = retry_after

    def __str__(self) -> str:
        """The message with the code and the fix, as tracebacks show it. `message` alone travels."""
        return str(self.info)

    @property
    def info(self) -> ErrorInfo:
        """The error as data."""
        return ErrorInfo(
            code=self.code,
            message=self.message,
            fix=self.fix,
            retryable=self.retryable,
            retry_after=self.retry_after,
        )


def all_errors() -> dict[str, type[HarnessError]]:
    """List every declared error by its code."""
    return dict(_CLASSES)


def find_error(code: str) -> type[HarnessError] | None:
    """Find the error class with this code, if it is declared in this process."""
    return _CLASSES.get(code)


def rebuild_error(code: str | None, message: str, fix: str | None = None) -> HarnessError | None:
    """Rebuild an error from its code (the type of a failure in Temporal); None if the code is not
    declared in this process."""
    found = find_error(code or "")
    return found and found(message, fix=fix)


def from_info(info: ErrorInfo) -> HarnessError:
    """Rebuild the exception that `info` was made from.

    A code not declared here (of a newer version or a missing capability) becomes a `RunFailed`
    with the same message.
    """
    found, message = _CLASSES.get(info.code), info.message
    if found is None:
        found, message = _CLASSES["run.failed"], f"{info.message} [{info.code}]"
    return found(message, fix=info.fix, retry_after=info.retry_after)
