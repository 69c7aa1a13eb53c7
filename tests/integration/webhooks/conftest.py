"""A receiver of webhooks, at an address that the settings allow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.webhook_receiver import Receiver, open_receiver
from tests.integration.api.conftest import api as api


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


@pytest.fixture
def options(options: dict[str, Any], receiver: Receiver) -> dict[str, Any]:
    return {**options, "webhooks": {"allow": [receiver.origin]}}
