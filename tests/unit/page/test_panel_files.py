"""Only files beside the panels, of known types and bounded size, can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.page import panel_files
from harness.page.panel_files import read_panel_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.js").write_text("secret")
    made = tmp_path / "panels"
    (made / "deep").mkdir(parents=True)
    (made / "notes.js").write_text("export const mount = () => {};")
    (made / "deep" / "more.js").write_text("secret")
    (made / "__init__.py").write_text("SECRET = 1")
    (made / "page.html").write_text("<script>")
    (made / "link.js").symlink_to(tmp_path / "secret.js")
    (made / "folder.js").mkdir()
    return made


def test_a_file_beside_the_panels(folder: Path) -> None:
    found = read_panel_file(folder, "notes.js")
    assert found is not None and found.content.startswith(b"export")
    assert found.media_type == "text/javascript; charset=utf-8"
    (folder / "notes.js").write_text("export const other = 1;")
    changed = read_panel_file(folder, "notes.js")
    assert changed is not None and changed.tag != found.tag


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "../secret.js", "/etc/passwd", "deep/more.js",
        "__init__.py", "page.html", "link.js", "folder.js", "NOTES.JS", "notes.js\0",
        "notes.js/", "./notes.js",
        "%2e%2e/secret.js", "panels/notes.js", "x" * 10_000,
    ],
)  # fmt: skip
def test_nothing_else_can_be_read(folder: Path, name: str) -> None:
    assert read_panel_file(folder, name) is None


def test_a_file_that_is_too_large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel_files, "MAX_BYTES", 10)
    assert read_panel_file(folder, "notes.js") is None
