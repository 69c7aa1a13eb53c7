"""Check a JSON text against a schema."""

from __future__ import annotations

import json
from itertools import islice

from jsonschema import Draft202012Validator

from harness_activities.jobs.arguments import cut_text, format_path

MAX_SHOWN = 3


def find_misfits(content: bytes) -> bytes:
    """Convert {"schema", "text"} to a list of what does not fit, as JSON."""
    asked = json.loads(content)
    try:
        value = json.loads(asked["text"])
    except (ValueError, RecursionError) as error:
        return json.dumps([f"the answer is not JSON: {cut_text(str(error))}"]).encode()
    try:
        errors = islice(Draft202012Validator(asked["schema"]).iter_errors(value), MAX_SHOWN)
        found = [f"{format_path(each.absolute_path)}: {cut_text(each.message)}" for each in errors]
    except RecursionError:
        found = ["the answer or the schema is nested too deeply"]
    except Exception as error:  # a schema that is none raises whatever it runs into
        raise ValueError(f"The schema is wrong: {cut_text(str(error))}") from None
    return json.dumps(found).encode()
