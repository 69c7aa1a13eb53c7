"""What a child process does for gates: traces a past run, which compares long texts for seconds."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from harness.contracts.event import DurableEvent
from harness.gates.trial import GATED, judge_calls

EVENTS = TypeAdapter[list[DurableEvent]](list[Annotated[DurableEvent, Field(discriminator="type")]])


def try_profile(content: bytes) -> bytes:
    """Judge the calls of the run that `write_trial` wrote, as JSON."""
    head, _, rest = content.partition(b"\n")
    asked: dict[str, Any] = json.loads(head)
    return GATED.dump_json(judge_calls(EVENTS.validate_json(rest), **asked))
