from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.access.secret import (
    BROWSER,
    CODE,
    MOST_CHARS,
    TOKEN,
    hash_secret,
    is_id,
    make_secret,
    parse_secret,
)
from harness.commons.redact import MASK, redact

GOOD = f"hns_{'0' * 16}_{'A' * 43}"


@pytest.mark.parametrize("prefix", [TOKEN, BROWSER, CODE])
def test_a_secret_is_read_back(prefix: str) -> None:
    made = make_secret(prefix)
    claim = parse_secret(made.text)
    assert claim is not None
    assert (claim.prefix, claim.id) == (prefix, made.id)
    assert is_id(made.id)
    assert claim.proves(made.hash)
    assert made.hash == hashlib.sha256(made.text.encode()).digest()
    assert len(made.text.split("_", 2)[2]) == 43, "32 bytes"
    assert make_secret(prefix).text != made.text


def test_the_hash_covers_the_kind_and_the_id() -> None:
    for changed in (GOOD.replace("hns", "hnb"), GOOD.replace("_0", "_1"), GOOD[:-1] + "B"):
        claim = parse_secret(changed)
        assert claim is not None
        assert not claim.proves(hash_secret(GOOD))


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "hns", "hns__", GOOD + " ", " " + GOOD, GOOD + "\n", GOOD + "A", GOOD[:-1],
        GOOD.upper(), GOOD.replace("0", "\0"), GOOD.replace("A", "\0", 1), GOOD.replace("0", "٠"),
        GOOD.replace("A", "Ａ"), GOOD.replace("A", "\ud800"), GOOD.replace("hns", "hnx"),
        "x" * (MOST_CHARS + 1), GOOD * 100_000, "é" * 50, "' OR 1=1 --", f"Bearer {GOOD}",
    ],
)  # fmt: skip
def test_another_form_is_none(text: str) -> None:
    assert parse_secret(text) is None


@given(st.text())
def test_nothing_raises(text: str) -> None:
    parse_secret(text)
    is_id(text)


def test_secrets_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[Any, Any]] = []
    compare = hmac.compare_digest

    def record(one: Any, other: Any) -> bool:
        compared.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", record)
    claim = parse_secret(GOOD)
    assert claim is not None
    assert not claim.proves(b"x" * 32)
    assert compared == [(hash_secret(GOOD), b"x" * 32)]


@pytest.mark.parametrize("prefix", [TOKEN, BROWSER, CODE])
def test_logs_mask_a_secret(prefix: str) -> None:
    text = make_secret(prefix).text
    assert redact(f"refused {text}, sorry") == f"refused {MASK}, sorry"
