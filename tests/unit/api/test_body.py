"""What bodies of requests are read as."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from harness.forks.views import ForkBody


def test_a_whole_number_is_one_however_it_is_written() -> None:
    read = ForkBody.model_validate_json(b'{"at": 3.0}')
    assert (read.at, type(read.at)) == (3, int)
    assert ForkBody.model_validate_json(b'{"at": 3}') == read


@pytest.mark.parametrize("at", ["3.5", '"3"', "true", "-1.0", "1e999", "NaN", "null", "[3]"])
def test_what_is_none(at: str) -> None:
    with pytest.raises(ValidationError):
        ForkBody.model_validate_json(f'{{"at": {at}}}')
