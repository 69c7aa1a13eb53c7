"""The settings of limits."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from harness.config.settings import Section

MOST = 10**9
_MODEL = re.compile(r"[a-z0-9][a-z0-9_-]*/\S{1,200}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class ModelLimit(Section):
    """What all workers together may ask of one model or provider. An unset value is no limit."""

    requests_per_minute: int | None = Field(default=None, ge=1, le=MOST)
    """Requests, however large."""
    tokens_per_minute: int | None = Field(default=None, ge=1, le=MOST)
    """Input and output together."""
    max_concurrent: int | None = Field(default=None, ge=1, le=MOST)
    """Calls at the same time."""


class Pool(Section):
    """How many calls of the tools of a pool may run at the same time."""

    width: int = Field(ge=1, le=MOST)
    """How many."""


class LimitsSettings(Section):
    restricts = True

    models: dict[str, ModelLimit] = {}
    """Limits of models, named as provider/model."""
    providers: dict[str, ModelLimit] = {}
    """Limits of providers: all their models together."""
    pools: dict[str, Pool] = {}
    """Pools that tools name with `@tool(pool=...)`."""
    wait_seconds: float = Field(default=30.0, ge=0, le=300, allow_inf_nan=False)
    """How long a model call waits for its turn in the worker. If it must wait longer, the next
    candidate of the plan is called; if there is none, Temporal repeats the call later."""

    @field_validator("models")
    @classmethod
    def _check_models(cls, models: dict[str, ModelLimit]) -> dict[str, ModelLimit]:
        for name in models:
            if not _MODEL.fullmatch(name):
                raise ValueError(f"{name[:60]!r} is not a model; write provider/model")
        return models

    @field_validator("providers", "pools")
    @classmethod
    def _check_names(cls, named: dict[str, object]) -> dict[str, object]:
        for name in named:
            if not _NAME.fullmatch(name):
                raise ValueError(
                    f"{name[:60]!r} is not a name; use up to 64 letters, digits, - and _"
                )
        return named
