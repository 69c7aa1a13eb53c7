"""Errors carry the name under which users import them."""

from __future__ import annotations

import pickle
import traceback

import pytest

import harness.errors
from harness.contracts.errors import HarnessError, RateLimited, RunNotFound, all_errors


def test_a_traceback_names_the_public_module() -> None:
    lines = traceback.format_exception_only(RunNotFound("No run 'r'."))
    assert lines[0].startswith("harness.errors.RunNotFound: No run 'r'.")


def test_every_error_of_harness_is_found_where_it_says() -> None:
    ours = [each for each in all_errors().values() if each.__module__ == "harness.errors"]
    assert len(ours) > 80
    for each in (HarnessError, *ours):
        assert getattr(harness.errors, each.__name__) is each


@pytest.mark.parametrize("error", [RunNotFound("No run 'r'."), RateLimited("Slow.", retry_after=2)])
def test_an_error_survives_pickling(error: HarnessError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.info) == (type(error), error.info)
