"""A setting or a command line is wrong; nothing was started."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class ConfigError(HarnessError):
    """A setting is wrong or missing; nothing was started."""

    http_status = 400


class UnknownSetting(ConfigError):
    """`harness.toml` or the environment sets a key that does not exist. The message names the
    file, the line and the closest existing key."""

    code = "config.unknown_key"
    fix = "Remove the key or correct its name."


class InvalidValue(ConfigError):
    """A value has the wrong type or form, or a settings file cannot be read. The message says
    where the value came from."""

    code = "config.invalid_value"
    fix = "Correct the value."


class Untrusted(ConfigError):
    """The state folder (`.harness`) may hold files that someone else put there: it belongs to
    another user, others can write to it, or harness did not create it at this path. Its database
    would run with your rights, so it is not started. Or a worker or `harness serve` would start
    without policies, gates, budgets or limits, because the `harness.toml` with them is not trusted,
    for example since it was changed, or because other users may have written it."""

    code = "config.untrusted"
    fix = "Review what the project may do: harness trust"


class MissingSetting(ConfigError):
    """A required value is not set, such as the address of a custom provider, or a package that a
    setting needs is not installed."""

    code = "config.missing"
    fix = "Set the value in the environment or in harness.toml."


class BrokenCapability(ConfigError):
    """The command belongs to a capability that does not work here: its tables could not be
    migrated, or a newer version of its package migrated them. Everything else works without it,
    except that no worker serves runs without a capability whose interceptors or run watch do not
    load: they may be what limits those runs."""

    code = "config.broken_capability"
    fix = "Upgrade or repair its package: harness doctor"


class InvalidAgent(ConfigError):
    """An agent or a tool is declared incorrectly, or `FILE.py:NAME` does not name an agent. Found
    when the file is loaded, before anything runs."""

    code = "config.bad_agent"
    fix = "Point --agent at FILE.py:NAME, where NAME is an Agent."


class UnknownAgent(ConfigError):
    """No worker has published an agent of this name. Each worker publishes the agents that it
    serves when it starts."""

    code = "config.unknown_agent"
    fix = "List them: `harness agents`. To serve one: `harness worker FILE.py`."
    http_status = 404


class InvalidServer(ConfigError):
    """The address of a daemon is not one that a token may be sent to: `https://` with a host, or
    `http://` on this machine."""

    code = "config.server"
    fix = "Write it like https://harness.example.org."


class NotLoggedIn(ConfigError):
    """The command uses a daemon for which no API token is stored, or the daemon refuses the
    token."""

    code = "config.not_logged_in"
    fix = "Log in: harness login URL"


class NotRemote(ConfigError):
    """The command, or one of its options, works only on the project's own stack, but a daemon was
    chosen with `--server`, `HARNESS_SERVER` or `harness login`."""

    code = "config.not_remote"
    fix = "Run it on a machine of that stack. To use this project's stack: --server local"


class InvalidUsage(ConfigError):
    """The command line is wrong: an unknown command or option, or a value that does not fit."""

    code = "config.usage"
    fix = "See `harness COMMAND --help`."
