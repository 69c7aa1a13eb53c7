"""Refuse invalid values on the command line before anything starts."""

from __future__ import annotations

from harness.cli.parser import UsageError
from harness.contracts.verdicts import SHORTEST


def check_turn(option: str, turn: int | None) -> None:
    """Refuse a negative turn; 0 is the point before the first turn."""
    if turn is not None and turn < 0:
        raise UsageError(f"{option} must be 0 or more, not {turn}.", "The first turn is 1.")


def check_text(what: str, text: str | None, like: str) -> None:
    if text is not None and not text.strip():
        raise UsageError(f"{what} is empty.", f"For example: {like}")


def check_model(model: str | None) -> None:
    if model is None:
        return
    from pydantic import TypeAdapter, ValidationError

    from harness.contracts.model import ModelRef

    try:
        TypeAdapter[str](ModelRef).validate_python(model)
    except ValidationError:
        raise UsageError(
            f"{model!r} is not a model.", "Write provider/model: `harness models` lists them."
        ) from None


def check_digest(digest: str | None) -> None:
    if digest is None:
        return
    if len(digest) < SHORTEST or not set(digest.lower()) <= set("0123456789abcdef"):
        raise UsageError(
            f"--digest {digest} is not a digest.",
            f"A digest has {SHORTEST} or more characters, 0-9 a-f: see `harness show`.",
        )
