"""deploy/proxy/nginx.conf, as text: no nginx is at hand."""

from __future__ import annotations

import re
from pathlib import Path

from harness.api.route import MCP_PATH
from harness.api.settings import ApiSettings

CONFIG = (Path(__file__).parents[3] / "deploy" / "proxy" / "nginx.conf").read_text()


def find_block(head: str) -> str:
    found = re.search(re.escape(head) + r" \{\n(.*?)^ *\}", CONFIG, re.DOTALL | re.MULTILINE)
    assert found, head
    return found[1]


def test_an_mcp_client_meets_the_same_daemon() -> None:
    assert "proxy_pass http://mcp;" in find_block(f"location = {MCP_PATH}")
    assert "hash $http_authorization;" in find_block("upstream mcp")


def test_other_requests_meet_any_daemon() -> None:
    assert "proxy_pass http://daemons;" in find_block("location /")
    assert "hash" not in find_block("upstream daemons")


def test_each_location_passes_the_same_headers() -> None:
    """A location with one header of its own would inherit none."""
    assert "proxy_set_header" not in find_block("location /") + find_block("location = /mcp")
    assert CONFIG.count("proxy_set_header") == 4


def test_a_file_of_the_largest_size_passes() -> None:
    size = re.search(r"^ *client_max_body_size (\d+)m;", CONFIG, re.MULTILINE)
    assert size
    settings = ApiSettings()
    assert int(size[1]) * 2**20 >= max(settings.max_file_bytes, settings.max_body_bytes)


def test_the_daemon_learns_of_tls() -> None:
    """Of this proxy or of one before it; the sign-in reads the header."""
    assert "proxy_set_header X-Forwarded-Proto $forwarded_proto;" in CONFIG
    chosen = find_block("map $http_x_forwarded_proto $forwarded_proto")
    assert "default $http_x_forwarded_proto;" in chosen and '"" $scheme;' in chosen
