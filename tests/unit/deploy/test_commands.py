"""What manifests, units and containers call is what the command line takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from harness.cli.parser import find_command, parse_arguments

ROOT = Path(__file__).parents[3]


def called() -> Iterator[tuple[str, list[str]]]:
    """Each place, with the words of the command there."""
    for file in sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml")):
        for each in yaml.safe_load_all(file.read_text()):
            if each["kind"] in ("Deployment", "Job"):
                for container in each["spec"]["template"]["spec"]["containers"]:
                    yield f"{file.name}-{container['name']}", container["args"]
    for unit in sorted((ROOT / "deploy" / "systemd").glob("*.service")):
        [command] = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
        yield unit.name, shlex.split(command.replace("%i", "7720"))[1:]
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for name, service in services.items():
        if service.get("image") == "durable-harness" and "command" in service:
            yield f"compose-{name}", service["command"]


CALLED = dict(called())


@pytest.mark.parametrize("place", CALLED)
def test_the_command_exists(place: str) -> None:
    name, *words = CALLED[place]
    parse_arguments(find_command(name), words)


def test_all_places_are_found() -> None:
    assert len(CALLED) == 9
