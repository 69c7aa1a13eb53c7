"""The settings of webhooks."""

from __future__ import annotations

from pydantic import Field, field_validator

from harness.config.settings import Section
from harness.contracts.errors import HarnessError


class WebhookSettings(Section):
    allow: tuple[str, ...] = ()
    """Origins, such as http://127.0.0.1:9000, that webhooks may use even if they are not https on
    port 443 or have a private address."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=60, allow_inf_nan=False)
    """How long a receiver may take to answer."""
    give_up_hours: float = Field(default=72.0, gt=0, allow_inf_nan=False)
    """A webhook is disabled when every delivery has failed for this long."""

    @field_validator("allow")
    @classmethod
    def _check_origins(cls, allow: tuple[str, ...]) -> tuple[str, ...]:
        if not allow:
            return allow
        from harness.tools.web.origins import declared_origin  # loads all tools

        for each in allow:
            try:
                declared_origin(each)
            except HarnessError as error:
                raise ValueError(error.message) from None
        return allow
