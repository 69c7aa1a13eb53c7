"""The API of `tests/integration/api`, for its live socket."""

from __future__ import annotations

from tests.integration.api.conftest import api as api
