"""What `harness restore` refuses before it touches anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.client import restore
from harness.config.settings import Settings
from harness.config.trust import make_state_folder
from harness.contracts.errors import StackError
from harness.stack.layout import layout_of
from harness.stack.users import joined

SETTINGS = Settings()


async def test_a_worker_that_outlived_the_stack_holds_it_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "LEAVING_S", 0)
    layout = layout_of(SETTINGS.state_dir, tmp_path)
    make_state_folder(layout.state)
    with joined(layout), joined(layout), pytest.raises(StackError, match="still running") as caught:
        await restore.restore_backup(SETTINGS, tmp_path, tmp_path / "copy.tar", print)
    assert caught.value.code == "stack.running"
    assert str(layout.users) in caught.value.fix
