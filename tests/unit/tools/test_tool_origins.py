"""Where an undo may go and what carries the headers of a host, whatever the answer says."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contracts.errors import ConfigError, ToolError
from harness.tools.web.http_request import http_tools
from harness.tools.web.inverse import Request, fill_undo
from harness.tools.web.origins import Trust, declared_origin, origin_of

SECRET = {"authorization": "Bearer sesame"}
OWN = "https://shop.example/orders"
ELSEWHERE = [
    "https://evil.example/",
    "https://shop.example.evil.example/",
    "https://sub.shop.example/",
    "https://shop.example:8443/",
    "http://shop.example/",
    "http://shop.example:443/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://sh\u00f6p.example/",
]
MALFORMED = [
    "https://user@shop.example/",
    "https://shop.example@evil.example/",
    "https://shop.example:443@evil.example/",
    "https://shop.example\\@evil.example/",
    "https://shop.example\\.evil.example/",
    "https:\\\\shop.example/",
    "https://shop.example%2eevil.example/",
    "https://shop.example%00.evil.example/",
    "https://shop.example:\uff14\uff14\uff13/",
    "https://shop.example:4_43/",
    "https://shop.example:+443/",
    "https://shop.example:0/",
    "https://shop.example:65979/",
    "https://shop.example:/",
    "https:///shop.example/",
    "https://./",
    "//shop.example/",
    "/orders",
    "https:shop.example/",
    " https://shop.example/",
    "https://shop.example\n.evil.example/",
    "https://shop.example\t/",
    "javascript:alert(1)",
    "file://shop.example/",
    "",
]
SAME = [
    "https://shop.example",
    "https://shop.example:443/x",
    "https://SHOP.Example/x",
    "HTTPS://shop.example/x",
    "https://shop.example./x",
    "https://shop.example?x=https://evil.example",
    "https://shop.example#@evil.example",
    "https://shop.example/@evil.example",
    "https://shop\u3002example/",  # a dot of another script, which IDNA makes a dot
]
TRUST = Trust.from_declarations({"shop.example": SECRET}, ["https://stock.example"])


def headers(url: str) -> Any:
    try:
        return TRUST.headers_for(url, plain=True)
    except ToolError as error:
        return error.code


@pytest.mark.parametrize("url", SAME)
def test_the_same_origin_however_it_is_written(url: str) -> None:
    assert origin_of(url) == ("https", "shop.example", 443)
    assert headers(url) == SECRET
    TRUST.check_undo(url, OWN, answered=True)


@pytest.mark.parametrize("url", ELSEWHERE + MALFORMED)
def test_another_origin_gets_no_headers_and_no_undo(url: str) -> None:
    assert headers(url) in ({}, "tool.confined", "tool.failed")
    with pytest.raises(ToolError):
        TRUST.check_undo(url, OWN)


@pytest.mark.parametrize("url", MALFORMED)
def test_what_parsers_read_differently_is_refused(url: str) -> None:
    with pytest.raises(ToolError):
        origin_of(url)


def test_only_the_author_names_other_origins() -> None:
    TRUST.check_undo("https://stock.example/1", OWN)
    with pytest.raises(ToolError, match="undo_origins"):
        TRUST.check_undo("https://stock.example/1", OWN, answered=True)
    with pytest.raises(ToolError):
        TRUST.check_undo("https://stock.example:444/1", OWN)


def test_headers_belong_to_one_origin() -> None:
    trust = Trust.from_declarations(
        {"https://a.example:8443": SECRET, "http://b.example": SECRET}, ()
    )
    assert trust.headers_for("https://a.example:8443/", plain=False) == SECRET
    assert trust.headers_for("https://a.example/", plain=False) == {}
    assert trust.headers_for("http://b.example/", plain=True) == SECRET
    assert trust.headers_for("https://b.example/", plain=True) == {}
    with pytest.raises(ToolError, match="https only"):
        trust.headers_for("http://b.example/", plain=False)
    with pytest.raises(ToolError, match=r"Use https://a\.example:8443"):
        trust.headers_for("http://a.example/", plain=True)


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.example/path", "https://shop.example/", "shop.example:8443", "*", "a b", "",
        "ftp://shop.example", "https://me@shop.example", "*.example", "https://shop.example?x",
    ],
)  # fmt: skip
def test_an_author_writes_origins(text: str) -> None:
    with pytest.raises(ConfigError, match="is not an origin"):
        http_tools(headers={text: SECRET})
    with pytest.raises(ConfigError, match="is not an origin"):
        http_tools(undo_origins=[text])


def test_a_bare_host_means_https_on_its_port() -> None:
    assert str(declared_origin("Shop.Example.")) == "https://shop.example"
    assert str(declared_origin("http://[::1]:80")) == "http://[::1]"


@pytest.mark.parametrize("value", ["", ".", "..", "%2e%2e/..", "a/../b", "?x", "#x", "@evil"])
def test_a_value_of_the_answer_stays_one_part_of_the_path(value: str) -> None:
    inverse = Request(method="DELETE", url=f"{OWN}/{{response.id}}/lines")
    try:
        filled = fill_undo(inverse, {"id": value}).url
    except ToolError:
        assert value in ("", ".", "..")
        return
    part = filled.removeprefix(f"{OWN}/").removesuffix("/lines")
    assert part
    assert not set(part) & set("/?#@\\")


@pytest.mark.parametrize(
    ("change", "answer", "words"),
    [
        ({"url": f"{OWN}/{{response.a}}"}, {"a": "b" * 2_001}, "2,001 characters"),
        ({"url": OWN + "/{response.a}" * 8}, {"a": "b" * 1_500}, "12,0"),
        ({"body": "{response}"}, ["b" * 100_000], "more than 100,000"),
        ({"body": "{response}"}, [0] * 100_000, "more than 100,000"),
        ({"body": "{response}"}, {f"{n}": {} for n in range(50_000)}, "more than 100,000"),
        ({"body": ["{response.a}"] * 20}, {"a": ["b" * 6_000]}, "more than 100,000"),
        ({"headers": {"x": "{response.a}"}}, {"a": "b" * 5_000}, "5,000 characters"),
        ({"url": f"{OWN}/{{response.a.{'1' * 5_000}}}"}, {"a": [1]}, "has no response.a.111"),
    ],
)
def test_an_undo_takes_a_bounded_part_of_the_answer(
    change: dict[str, Any], answer: Any, words: str
) -> None:
    undo = Request.model_validate({"method": "PUT", "url": OWN, **change})
    with pytest.raises(ToolError, match=words) as caught:
        fill_undo(undo, answer)
    assert len(caught.value.message) < 500
