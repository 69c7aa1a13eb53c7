from __future__ import annotations

import dataclasses

import pytest

from harness.api.caller import LOCAL, Caller, Role

ORDER = (Role.VIEWER, Role.OPERATOR, Role.ADMIN)


def test_each_role_covers_those_before_it() -> None:
    for high, one in enumerate(ORDER):
        for low, other in enumerate(ORDER):
            assert one.covers(other) == (high >= low)
            assert one.limit_to(other) == other.limit_to(one) == ORDER[min(high, low)]


def test_every_role_has_a_place_in_the_order() -> None:
    assert set(ORDER) == set(Role)


def test_a_caller_cannot_be_changed() -> None:
    caller = Caller("ada", Role.VIEWER, "0" * 16)
    with pytest.raises(dataclasses.FrozenInstanceError):
        caller.role = Role.ADMIN  # type: ignore[misc]
    assert LOCAL.role is Role.ADMIN
