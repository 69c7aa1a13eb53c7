from alembic.config import Config
from alembic.script import ScriptDirectory

from harness.store.migrate import SCRIPTS
from harness_migrations import HEAD, REVISIONS


def test_the_steps_are_those_that_are_named() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    assert steps[::-1] == list(REVISIONS)
    assert steps[0] == HEAD
