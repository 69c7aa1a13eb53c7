"""The header that makes a request safe to repeat."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header

IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]
"""The same key sent again is the same request."""
