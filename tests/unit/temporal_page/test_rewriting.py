from __future__ import annotations

import base64
import hashlib
import json

import pytest
from pydantic import ValidationError

from harness.contracts.errors import InvalidRequest, TemporalPageRefused
from harness.temporal_page.paths import to_daemon, to_upstream
from harness.temporal_page.rewrite import rewrite_page, rewrite_settings
from harness.temporal_page.settings import TemporalPageSettings
from harness.temporal_page.upstream import choose_headers

PAGE = """<html><head>
<meta http-equiv="content-security-policy" content="script-src 'none'">
<link href="{prefix}/_app/immutable/a.js" rel="modulepreload"></head>
<script>kit = {{ base: "{prefix}" }}; import("{prefix}/_app/immutable/b.js")</script></html>"""


@pytest.mark.parametrize("prefix", ["", "/ui"])
def test_the_page_moves(prefix: str) -> None:
    html, policy = rewrite_page(PAGE.format(prefix=prefix), prefix)
    assert html.count('"/temporal/_app/') == 2 and 'base: "/temporal"' in html
    assert "http-equiv" not in html
    script = html.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy


def test_the_page_moves_below_a_mount() -> None:
    html, _ = rewrite_page(PAGE.format(prefix=""), "", root="/agents")
    assert html.count('"/agents/temporal/_app/') == 2 and 'base: "/agents/temporal"' in html
    changed = json.loads(rewrite_settings(b"{}", root="/agents"))
    assert changed["Codec"]["Endpoint"] == "/agents/temporal-codec"


def test_a_page_of_another_kind_is_refused() -> None:
    with pytest.raises(TemporalPageRefused):
        rewrite_page("<html><script>steal()</script></html>", "")


def test_settings_keep_the_rest() -> None:
    given = {"Version": "1", "Codec": {"Endpoint": "https://x", "PassAccessToken": True}}
    changed = json.loads(rewrite_settings(json.dumps(given).encode()))
    assert changed["Version"] == "1"
    assert changed["Codec"] == {
        "Endpoint": "/temporal-codec",
        "PassAccessToken": False,
        "IncludeCredentials": True,
    }


def test_paths_of_the_page() -> None:
    for path, target in (
        ("/temporal", "/"),
        ("/temporal/", "/"),
        ("/temporal/namespaces/a%2Fb", "/namespaces/a%2Fb"),
        ("/temporal/x/a%252Fb..c/.d", "/x/a%252Fb..c/.d"),
    ):
        assert to_upstream(path, "") == target
    assert to_upstream("/temporal/x", "a=b&c=%20") == "/x?a=b&c=%20"
    for path in ("/temporal/..", "/temporal/.%2E/x", "/temporal/%2525252e", "/temporal/%00"):
        with pytest.raises(InvalidRequest):
            to_upstream(path, "")
    with pytest.raises(InvalidRequest):
        to_upstream("/temporal/x", "a#b")


def test_redirects_below_a_path() -> None:
    page = "https://x.example/ui"
    assert to_daemon("/ui/namespaces", page) == "/temporal/namespaces"
    assert to_daemon("https://x.example/ui/namespaces", page) == "/temporal/namespaces"
    for away in (
        "https://y.example/ui/x",
        "http://x.example/ui/x",
        "x",
        "//x.example/ui",
        "http://[",
    ):
        with pytest.raises(TemporalPageRefused):
            to_daemon(away, page)


def test_chosen_headers() -> None:
    given = {"accept": "a", "authorization": "b", "x-csrf-token": "x" * 1_001, "caller-type": "é"}
    assert choose_headers(given, "harness_session=hnb_x; _csrf=a; x_csrf=b") == {
        "accept": "a",
        "cookie": "_csrf=a",
    }
    assert "cookie" not in choose_headers({}, '_csrf="a, b"; __csrf=c')


def test_addresses_of_the_page() -> None:
    assert TemporalPageSettings(url="http://ui:8080/").url == "http://ui:8080"
    for url in ("ui:8080", "ftp://ui", "http://", "http://u:p@ui", "http://ui?x", "http://ui:x"):
        with pytest.raises(ValidationError):
            TemporalPageSettings(url=url)
