"""Agents named on the command line as FILE:NAME, or as @NAME once a worker has published them."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from harness.agent import Agent
from harness.cli.parser import find_nearest
from harness.contracts.errors import ConfigError, InvalidAgent

FORM = "Write it as FILE:NAME, such as agent.py:agent."
PUBLISHED = "@"
"""Before the name of a published agent."""


def choose_agent(where: str | None) -> Agent[Any, Any] | str:
    """The agent at `where`, or the name of a published one."""
    if where is None or not where.startswith(PUBLISHED):
        try:
            return load_agent(where)
        except InvalidAgent as error:
            if where is None or not _may_be_published(where):
                raise
            fix = f"Did you mean the published agent {PUBLISHED}{where}? For a file: FILE:NAME."
            raise _invalid_agent(error.message, fix) from None
    if not (name := where.removeprefix(PUBLISHED)):
        raise _invalid_agent("@ names no agent.", "List the published ones: harness agents")
    return name


def _may_be_published(name: str) -> bool:
    """Whether it is a plain name, of neither a file nor a module."""
    plain = name.replace("-", "_").isidentifier()
    return plain and not Path(name).exists() and importlib.util.find_spec(name) is None


def load_agent(where: str | None) -> Agent[Any, Any]:
    """The agent at `where`, or the built-in assistant for None."""
    if where is None:
        from harness.cli.runs.assistant import agent

        return agent
    place, _, name = where.partition(":")
    module = _load_module(place)
    if name:
        return _find_named(module, place, name)
    found = _find_agents(module)
    if "agent" in found:
        return found["agent"]
    if len({id(each) for each in found.values()}) == 1:
        return next(iter(found.values()))
    names = ", ".join(found)
    raise _invalid_agent(
        f"{place} has several agents: {names}." if found else f"{place} has no agent.",
        f"Name one: {place}:{next(iter(found))}" if found else "Define one: agent = Agent(...)",
    )


def load_agents(where: str) -> list[Agent[Any, Any]]:
    """The agent at FILE:NAME, or all agents of FILE, each once."""
    place, _, name = where.partition(":")
    module = _load_module(place)
    if name:
        return [_find_named(module, place, name)]
    found = list({id(each): each for each in _find_agents(module).values()}.values())
    if not found:
        raise _invalid_agent(f"{place} has no agent.", "Define one: agent = Agent(...)")
    return found


def _find_named(module: ModuleType, place: str, name: str) -> Agent[Any, Any]:
    value: object = getattr(module, name, None)
    if isinstance(value, Agent):
        return cast("Agent[Any, Any]", value)
    agents = list(_find_agents(module))
    if value is not None:
        hint = f"Agents there: {', '.join(agents)}." if agents else FORM
        raise _invalid_agent(f"{place}:{name} is not an Agent but {type(value).__name__}.", hint)
    near = find_nearest(name, agents) or (agents[0] if len(agents) == 1 else None)
    hint = (
        f"Did you mean {place}:{near}?" if near else f"Agents there: {', '.join(agents) or 'none'}."
    )
    raise _invalid_agent(f"{place} does not define {name!r}.", hint)


def _find_agents(module: ModuleType) -> dict[str, Agent[Any, Any]]:
    return {key: each for key, each in vars(module).items() if isinstance(each, Agent)}


def _load_module(place: str) -> ModuleType:
    path = Path(place)
    if not place.endswith(".py") and not path.exists():
        return _import_module(place)
    if not path.is_file():
        beside = [p.name for p in path.parent.glob("*.py")] if path.parent.is_dir() else []
        near = find_nearest(path.name, beside)
        hint = f"Did you mean {path.with_name(near)}?" if near else FORM
        raise _invalid_agent(f"There is no file {place}.", hint)
    path = path.resolve()
    # Its neighbours can be imported, as when Python runs the file.
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    name = path.stem if path.stem not in sys.modules else f"agent_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise _invalid_agent(f"{place} is not a Python file.", FORM)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _import_error(place, error, path) from None
    return module


def _import_module(name: str) -> ModuleType:
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and name.startswith(error.name):
            raise _invalid_agent(f"{name!r} is neither a file nor a module.", FORM) from None
        raise _import_error(name, error, None) from None
    except (Exception, SystemExit) as error:
        raise _import_error(name, error, None) from None


def _import_error(place: str, error: BaseException, path: Path | None) -> ConfigError:
    """The error of importing a file, with the traceback from its first own line on."""
    if isinstance(error, ConfigError):
        return error
    frames = traceback.extract_tb(error.__traceback__)
    ours = [i for i, frame in enumerate(frames) if path and frame.filename == str(path)]
    lines = traceback.format_list(frames[ours[0] :]) if ours else []
    lines += traceback.format_exception_only(error)
    text = "".join(lines).rstrip()
    return _invalid_agent(
        f"{place} cannot be imported:\n{text}", "Fix it; to reproduce: python " + place
    )


def _invalid_agent(problem: str, fix: str) -> ConfigError:
    return InvalidAgent(problem, fix=fix)
