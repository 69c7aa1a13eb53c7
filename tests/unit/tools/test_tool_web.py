"""Which addresses may be reached, and the text of a page."""

from __future__ import annotations

import ipaddress

import pytest

from harness.tools.web.addresses import host_allowed, is_public
from harness_activities.jobs.pages import page_text


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.215.14",
        "192.0.1.1",
        "100.63.255.255",
        "100.128.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2a00::1",
    ],
)
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.2.1",
        "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "::127.0.0.1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::1",
        "2002:7f00:1::", "2002:a9fe:a9fe::", "2001:db8::1", "2001:0:808:808::80ff:fffe",
        "0.1.2.3", "172.31.255.255", "192.0.0.1", "192.0.0.9", "192.0.0.10", "192.0.0.170",
        "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1", "198.19.255.255",
        "198.51.100.1", "203.0.113.1", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::808:808",
        "64:ff9b:1::808:808", "100::1", "100:0:0:1::1", "2001::1", "2001:1::1", "2001:2::1",
        "2001:3::1", "2001:4:112::1", "2001:20::1", "2001:30::1", "2002:808:808::1",
        "2620:4f:8000::1", "3fff::1", "5f00::1", "fe80::1%1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("host", "allow", "allowed"),
    [
        ("example.org", (), False),
        ("example.org", ("example.org",), True),
        ("example.org", ("Example.ORG.",), True),
        ("a.example.org", ("example.org",), False),
        ("a.example.org", ("*.example.org",), True),
        ("a.b.example.org", ("*.example.org",), True),
        ("example.org", ("*.example.org",), False),
        ("badexample.org", ("*.example.org", "example.org"), False),
        ("anything", ("*",), True),
        ("example.org.evil.com", ("example.org", "*.example.org"), False),
    ],
)
def test_hosts_are_allowed_by_name_or_domain(
    host: str, allow: tuple[str, ...], allowed: bool
) -> None:
    assert host_allowed(host, allow) is allowed


def test_a_page_becomes_its_text() -> None:
    html = """<!doctype html><html><head><title> A &amp;
      B </title><style>p {}</style><script>var x = "<p>no</p>";</script></head>
      <body><h1>Head</h1><p>One <b>two</b>
      three&nbsp;four.</p><ul><li>a<li>b</ul><table><tr><td>1<td>2</tr></table>
      <svg><text>no</text></svg><noscript>no</noscript>end</body></html>"""
    assert page_text(html) == "A & B\n\nHead\n\nOne two\nthree four.\n\na\nb\n\n1 2\n\nend"


def test_a_page_that_the_parser_refuses_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="The page is not valid HTML: expected name token"):
        page_text("<![" * 100)


@pytest.mark.parametrize("html", ["", "<", "<p", "</p></script>", "<script>never closed", "\0"])
def test_broken_pages_do_not_matter(html: str) -> None:
    assert "never closed" not in page_text(html)


def test_a_head_that_is_not_closed_ends_with_the_body() -> None:
    assert page_text("<head><title>t</title><body>text") == "t\n\ntext"
