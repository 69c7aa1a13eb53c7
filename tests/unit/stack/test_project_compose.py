"""docker-compose.yml starts Temporal with the measured settings."""

from pathlib import Path

import yaml

from harness.stack import SEARCH_ATTRIBUTES
from harness.stack.temporal import (
    _DYNAMIC_CONFIG,  # pyright: ignore[reportPrivateUsage]
)

COMPOSE = Path(__file__).parents[3] / "docker-compose.yml"


def _flags(name: str) -> set[str]:
    command = yaml.safe_load(COMPOSE.read_text())["services"]["temporal"]["command"]
    return {word.removeprefix(f"--{name}=") for word in command if word.startswith(f"--{name}=")}


def test_temporal_is_tuned_like_the_local_one() -> None:
    assert _flags("dynamic-config-value") == set(_DYNAMIC_CONFIG)


def test_the_search_attributes_are_registered() -> None:
    assert _flags("search-attribute") == {f"{k}={v}" for k, v in SEARCH_ATTRIBUTES.items()}
