"""No secret leaves in a log or an error, and what is none stays readable."""

from __future__ import annotations

import string
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.commons import redact as room
from harness.commons.redact import MASK, redact, redact_data, register_secrets

KEY = string.ascii_letters + string.digits
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAA\n-----END RSA PRIVATE KEY-----"


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    before = set(room._known)
    room._known.clear()
    yield
    room._known.clear()
    room._known.update(before)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("key sk-proj-abcdefghijklmnop1234 refused", "key *** refused"),
        ("sk-ant-api03-abcdefghijklmnop-1234_x", "***"),
        ("gsk_abcdefghijklmnop1234", "***"),
        ("AIzaSyA-abcdefghijklmnopqrstuvwxyz0123456", "***"),
        ("id AKIAIOSFODNN7EXAMPLE.", "id ***."),
        ("Authorization: Bearer abc.def-123456", "Authorization: Bearer ***"),
        ('{"authorization": "Basic dXNlcjpwYXNz"}', '{"authorization": "Basic ***"}'),
        ("bearer 0123456789abcdef", "bearer ***"),
        ("postgresql://me:p%40ss@host:5432/db", "postgresql://me:***@host:5432/db"),
        ("redis://:word@host", "redis://:***@host"),
        ("at http://h:1/x?api_key=abcd1234&q=1", "at http://h:1/x?api_key=***&q=1"),
        ("password = 'hunter22', user = 'me'", "password = '***', user = 'me'"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF", "***"),
        (f"before {PEM} after", "before *** after"),
        (PEM[:40], "***"),
        ("curl -u user:hunter22 http://h", "curl -u user:*** http://h"),
        ("curl -su 'me:hunter22'", "curl -su 'me:***'"),
        ("curl --user=me:hunter22", "curl --user=me:***"),
        ("curl --proxy-user me:hunter22", "curl --proxy-user me:***"),
        ("Cookie: session=abcdef; theme=dark\nHost: h", "Cookie: ***\nHost: h"),
        ("Set-Cookie: sid=abcdef12; Path=/", "Set-Cookie: ***"),
        ("-H 'cookie: a=bcdef' http://h", "-H 'cookie: ***' http://h"),
        ('{"cookie": "a=bcdef", "b": 1}', '{"cookie": "***", "b": 1}'),
        ("https://h/x?sp=r&sig=aB%2Fc%3D&se=1", "https://h/x?sp=r&sig=***&se=1"),
        ("https://s3/x?X-Amz-Signature=0abcdef&a=1", "https://s3/x?X-Amz-Signature=***&a=1"),
        ("https://s3/x?X-Amz-Security-Token=0abcdef", "https://s3/x?X-Amz-Security-Token=***"),
        ("https://s3/x?X-Goog-Signature=0abcdef", "https://s3/x?X-Goog-Signature=***"),
        ("https://h/x?key=AbCd1234", "https://h/x?key=***"),
        ("https://h/x?access_key=AbCd1234", "https://h/x?access_key=***"),
        (
            "https://hooks.slack.com/services/T0AB/B0CD/eFgH12",
            "https://hooks.slack.com/services/***",
        ),
        (
            "https://hooks.slack.com/workflows/T0/A0/1/eFgH12",
            "https://hooks.slack.com/workflows/***",
        ),
        ("https://discord.com/api/webhooks/123/aBc-d_e", "https://discord.com/api/webhooks/***"),
        ("x-goog-key: abcd1234", "x-goog-key: ***"),
        ("X-Goog-Api-Key: abcd1234", "X-Goog-Api-Key: ***"),
        ('"x-auth-token": "abcd1234"', '"x-auth-token": "***"'),
        ("Ocp-Apim-Subscription-Key: abcd1234", "Ocp-Apim-Subscription-Key: ***"),
        ("x-functions-key=abcd1234", "x-functions-key=***"),
        ("AWS_ACCESS_KEY=abcd1234 ACCOUNT_KEY=abcd1234", "AWS_ACCESS_KEY=*** ACCOUNT_KEY=***"),
    ],
)
def test_secrets_are_masked(text: str, clean: str) -> None:
    assert redact(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:8233/namespaces/default/workflows/run-1",
        "the bearer of this letter",
        "task-0123456789abcdef01234 is done",
        "input_tokens=1200 output_tokens=80",
        "Unexpected token: something",
        "user@example.org",
        "risk-averse-and-long-words-12345",
        "docker run -u 1000:1000 image",
        "sudo -u root: done, signal=KILL, a design=modern",
        "https://hooks.slack.com/ and cookies: none",
        "monkey: banana, primary key: id, the keyboard=german",
        "http://h/x?keyword=blue&monkey=grey",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_registered_values_are_masked_everywhere() -> None:
    register_secrets(["correct horse", "postgresql://u:b%40ttery@h/d"])
    assert redact("say correct horse, b@ttery or b%40ttery") == "say ***, *** or ***"
    assert redact("abc", secrets=["ab"]) == "abc"


def test_half_of_a_secret_beside_a_mask_is_no_way_out() -> None:
    assert redact("xabcdefx", secrets=["abcd", "cdef"]) == f"x{MASK}x"
    assert redact("password=one two", secrets=["one two"]) == f"password={MASK}"


def test_structures_are_redacted_by_value_and_by_key() -> None:
    data = {
        "api_key": "anything",
        "headers": {"Authorization": "Basic x", "accept": "json"},
        "list": ["Bearer abcdefgh1", 3, None, True, 1.5],
        "error": ValueError("sk-abcdefghijklmnop1"),
        "raw": b"password=abcdef",
        "token": "",
        "input_tokens": 12,
        "x-goog-key": "any",
        "Set-Cookie": ["any"],
        "access_key": "any",
        "sig": "any",
        "key": "name",
        "monkey": "banana",
    }
    assert redact_data(data) == {
        "api_key": MASK,
        "headers": {"Authorization": MASK, "accept": "json"},
        "list": [f"Bearer {MASK}", 3, None, True, 1.5],
        "error": MASK,
        "raw": f"password={MASK}",
        "token": "",
        "input_tokens": 12,
        "x-goog-key": MASK,
        "Set-Cookie": [MASK],
        "access_key": MASK,
        "sig": MASK,
        "key": "name",
        "monkey": "banana",
    }


@given(st.text(), st.text(min_size=room.SHORTEST), st.text())
def test_a_known_secret_never_survives(before: str, secret: str, after: str) -> None:
    clean = redact(before + secret + after, secrets=[secret])
    assert secret not in clean or secret in MASK * 3


@given(st.text(), st.text(KEY, min_size=20, max_size=60))
def test_a_key_never_survives_whatever_stands_before(before: str, key: str) -> None:
    assert redact(f"{before} sk-{key}").endswith(MASK)
    # A scheme that reads as the name of a secret takes the host along.
    assert redact(f"{before}://user:{key}@host").endswith((f"{MASK}@host", f":{MASK}"))


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.text(alphabet=string.ascii_lowercase + " .,"))
def test_plain_words_stay(text: str) -> None:
    assert redact(text) == text


@settings(max_examples=20)
@given(
    st.sampled_from(["a", "a:", "://", "://a:", "sk-", "eyJ", "eyJa.", "-----BEGIN", "bearer ",
                     "password=", "api_", PEM[:31],
                     "curl -u ", " -u a", "-u a:", "cookie: ", "cookie:a;", "?sig=", "x-a-key:",
                     "x-a", "hooks.slack.com/services/", "a_key"])
)  # fmt: skip
def test_no_text_is_slow(piece: str) -> None:
    """The test's own budget of CPU time catches a pattern that is worse than linear."""
    redact(piece * 2_000)
