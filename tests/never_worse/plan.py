"""What happens in a round: a fault and a repair for each subject, and who is killed when."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "repair", "automatic", "worse", "useless", "fails", "rejected", "overtaken", "closed", "down",
    "taken back",
]  # fmt: skip
KINDS: tuple[Kind, ...] = (
    "repair",  # the repair helps
    "automatic",  # it helps, and nobody has to be asked
    "worse",  # it breaks what held
    "useless",  # it is deployed, and does not help
    "fails",  # it cannot be deployed
    "rejected",  # a person rejects it
    "overtaken",  # a colleague commits something else before it is approved
    "closed",  # a person closes the ticket while it waits for approval
    "down",  # the process has died: a restart helps
    "taken back",  # it helps, and a person undoes it afterwards
)
Victim = Literal["worker", "engine", "database", "subject", "metrics"]
VICTIMS: tuple[Victim, ...] = (
    "worker", "worker", "worker", "engine", "database", "subject", "metrics",
)  # fmt: skip


@dataclass(frozen=True)
class Strike:
    """A kill -9; the source of metrics refuses to answer for some seconds."""

    after: float
    """Seconds since the strike before."""
    victim: Victim
    which: float
    """Which of them: from 0 to 1."""


@dataclass(frozen=True)
class Plan:
    seed: int
    kinds: tuple[Kind, ...]
    strikes: tuple[Strike, ...]


def make_plan(seed: int, subjects: int, kills: int) -> Plan:
    chance = random.Random(seed)
    kinds = [KINDS[number % len(KINDS)] for number in range(subjects)]
    chance.shuffle(kinds)
    strikes = [
        Strike(chance.uniform(0.5, 5.0), chance.choice(VICTIMS), chance.random())
        for _ in range(kills)
    ]
    return Plan(seed, tuple(kinds), tuple(strikes))
