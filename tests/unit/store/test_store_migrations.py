from alembic.config import Config
from alembic.script import ScriptDirectory

from harness.store.migrate import OWN, SCRIPTS
from harness_migrations import HEAD, REVISIONS


def test_the_steps_are_those_that_are_named() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(OWN.folder))
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    assert steps[::-1] == list(REVISIONS)
    assert steps[0] == HEAD
