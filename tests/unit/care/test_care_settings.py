"""The settings of care."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from harness.care.settings import CareSettings, SourceSettings


@pytest.mark.parametrize(
    "url",
    ["", "localhost:9090", "ftp://a", "http://", "http://a b", "http://user:pw@a", "http://a?b=c",
     "http://a#b", "http://a:99999", "http://[::1", "http://ä", "http://a\n",
     "http://" + "a" * 2_000],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        SourceSettings(url=url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9090", "https://a.example/loki", "http://[::1]:9"]
)
def test_an_address_loses_its_last_slash(url: str) -> None:
    assert SourceSettings(url=f"{url}/").url == url


def test_numbers_are_bounded() -> None:
    for seconds in (0, 3_601, -1):
        with pytest.raises(ValidationError):
            CareSettings(evaluate_seconds=seconds)
    for timeout in (0, 121, float("inf"), float("nan")):
        with pytest.raises(ValidationError):
            SourceSettings(timeout_seconds=timeout)


def test_a_password_is_not_shown() -> None:
    assert "hunter2" not in repr(CareSettings.model_validate({"logs": {"password": "hunter2"}}))
