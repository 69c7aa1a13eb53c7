"""Which commands work through a daemon, which daemon they use, and whose token it gets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.commands import COMMANDS
from harness.cli.parser import UsageError, find_command, parse_arguments
from harness.cli.server_choice import choose_server
from harness.cli.spec import Command
from harness.config.load import load_settings
from harness.config.logins import Server, logins_file, read_logins, remove_login, save_login
from harness.config.server_address import parse_server
from harness.contracts.errors import InvalidServer, InvalidValue, NotLoggedIn, NotRemote

TOKEN = f"hns_{'0' * 16}_{'A' * 43}"
URL = "https://harness.example.org"
LIST = find_command("list")

HERE = {
    "serve", "worker", "up", "down", "doctor", "config", "trust", "keys", "version", "login",
    "logout", "mcp", "acp", "care demo", "care break", "care traffic",
}  # fmt: skip
STACK = {
    "backup", "restore", "eval", "evals", "care subject", "care agent", "care runbook",
}  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    for name in ("HARNESS_SERVER", "HARNESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return folder


def test_every_command_says_where_it_works() -> None:
    works = {command.name: command.works for command in COMMANDS}
    assert {name for name, where in works.items() if where == "here"} == HERE
    assert {name for name, where in works.items() if where == "stack"} == STACK
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "remote.md").read_text()
    said = page.partition("These work on a stack alone")[2].partition("\n\n")[0]
    assert [name for name in sorted(STACK) if f"`{name}`" not in said] == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.name)
def test_every_command_takes_a_daemon_or_says_why_not(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_TOKEN", TOKEN)
    options = [name for each in command.args for name in each.names]
    match command.works:
        case "anywhere":
            assert choose_server(command, URL) == Server(URL, TOKEN)
        case "stack":
            with pytest.raises(NotRemote, match="works only on the project's own stack"):
                choose_server(command, URL)
        case _:
            assert "--server" not in options
            monkeypatch.setenv("HARNESS_SERVER", URL)
            with pytest.raises(UsageError, match="works only on this machine"):
                parse_arguments(command, ["--server", URL])
            with pytest.raises(UsageError, match="works only on this machine"):
                parse_arguments(command, [f"--server={URL}"])
            return
    assert options.count("--server") == 1
    assert choose_server(command, "local") is None


def test_what_chooses_the_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_server(LIST, None) is None
    save_login(Server("https://one.example", "one"))
    save_login(Server("https://two.example", "two"))
    assert choose_server(LIST, None) == Server("https://two.example", "two")
    assert choose_server(LIST, "https://ONE.example:443/") == Server("https://one.example", "one")
    with pytest.raises(NotLoggedIn, match="three"):
        choose_server(LIST, "https://three.example")
    monkeypatch.setenv("HARNESS_SERVER", "https://one.example")
    assert choose_server(LIST, None) == Server("https://one.example", "one")
    monkeypatch.setenv("HARNESS_TOKEN", TOKEN)
    assert choose_server(LIST, None) == Server("https://one.example", TOKEN)
    # The variable's token is of the variable's daemon: it goes to no other.
    assert choose_server(LIST, "https://two.example") == Server("https://two.example", "two")
    with pytest.raises(NotLoggedIn):
        choose_server(LIST, "https://three.example")
    monkeypatch.setenv("HARNESS_TOKEN", "two\nlines")
    with pytest.raises(InvalidValue, match="HARNESS_TOKEN"):
        choose_server(LIST, None)
    monkeypatch.setenv("HARNESS_SERVER", "")
    assert choose_server(LIST, None) == Server("https://two.example", "two")
    remove_login("https://two.example")
    assert choose_server(LIST, None) is None


def test_the_variables_are_no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARNESS_SERVER", URL)
    monkeypatch.setenv("HARNESS_TOKEN", TOKEN)
    load_settings(tmp_path)


def test_tokens_are_kept_for_their_user_alone(home: Path) -> None:
    server = Server("http://harness.internal:8080", TOKEN, plain_http=True)
    save_login(server)
    file = logins_file()
    assert file.is_relative_to(home) and file.stat().st_mode & 0o777 == 0o600
    assert read_logins().servers == {server.url: server}
    assert choose_server(LIST, server.url) == server
    assert TOKEN not in repr(server)
    file.chmod(0o644)
    with pytest.raises(InvalidValue, match="other users can read it"):
        read_logins()
    file.chmod(0o600)
    for broken in (
        "{", "[]", "{}", '{"default": 1, "servers": {}}' * 2, "[" * 9000,
        json.dumps({"default": None, "servers": {"http://far.example": {"token": TOKEN}}}),
        json.dumps({"default": None, "servers": {URL: {"token": "a\nb"}}}),
        json.dumps({"default": None, "servers": {f"{URL}/path": {"token": TOKEN}}}),
    ):  # fmt: skip
        file.write_text(broken)
        with pytest.raises(InvalidValue, match="damaged"):
            read_logins()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://Harness.Example.org/", "https://harness.example.org"),
        ("https://harness.example.org:443", "https://harness.example.org"),
        ("https://harness.example.org:8443", "https://harness.example.org:8443"),
        ("http://localhost:7720", "http://localhost:7720"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:7720", "http://[::1]:7720"),
    ],
)
def test_an_address(text: str, url: str) -> None:
    assert parse_server(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "", "harness.example.org", "ftp://harness.example.org", "https://", "https://a b",
        "https://user:secret@harness.example.org", "https://x.example/path", "https://x.example?q",
        "https://x.example#f", "https://x.example:99999", "https://x.example:0", "https://x\n.org",
        "http://harness.example.org", "http://127.0.0.1.evil.example", "http://localhost.evil.org",
        "http://10.0.0.1", "https://exаmple.org", "https://x.example\\@evil.example",
        "https://[::1%25eth0]", "https://[", f"https://{'a' * 600}.example", "file:///etc/passwd",
        "http://0.0.0.0",
    ],
)  # fmt: skip
def test_no_address_for_a_token(text: str) -> None:
    with pytest.raises(InvalidServer) as raised:
        parse_server(text)
    assert "secret" not in raised.value.message
