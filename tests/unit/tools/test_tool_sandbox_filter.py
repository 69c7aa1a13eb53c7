"""The filter of system calls, run here as the kernel runs it, for both kinds of processors."""

from __future__ import annotations

import struct

import pytest

from harness.tools.sandbox import _inner
from harness.tools.sandbox._inner import ALLOW, ARCHITECTURES, DENIED, ERRNO, KILL, make_filter

MACHINES = tuple(ARCHITECTURES)


def ask(machine: str, number: int, *arguments: int, audit: int | None = None) -> int:
    """What the kernel would answer to a call."""
    audit = ARCHITECTURES[machine][0] if audit is None else audit
    values = [each & 0xFFFFFFFFFFFFFFFF for each in (*arguments, 0, 0, 0, 0, 0, 0)[:6]]
    data = struct.pack("<IIQ6Q", number, audit, 0, *values)
    program, at, held = make_filter(machine), 0, 0
    while True:
        code, true, false, value = program[at]
        at += 1
        if code == 0x20:
            [held] = struct.unpack_from("<I", data, value)
        elif code == 0x15:
            at += true if held == value else false
        elif code == 0x35:
            at += true if held >= value else false
        else:
            assert code == 0x06
            return value


@pytest.mark.parametrize("machine", MACHINES)
def test_only_families_that_the_namespace_isolates(machine: str) -> None:
    number = ARCHITECTURES[machine][2]
    allowed = {family for family in range(64) if ask(machine, number, family) == ALLOW}
    assert allowed == set(_inner.FAMILIES.values())
    assert ask(machine, number, 40) == ERRNO | _inner.EAFNOSUPPORT  # vsock
    assert ask(machine, number, 2 | 1 << 32) == ALLOW  # an int: the kernel ignores the upper half


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_that_are_refused(machine: str) -> None:
    _, column, _, ioctl = ARCHITECTURES[machine]
    for numbers in DENIED.values():
        assert ask(machine, numbers[column]) == ERRNO | _inner.ENOSYS
    for request in _inner.FORBIDDEN_IOCTLS.values():
        assert ask(machine, ioctl, 0, request) == ERRNO | _inner.EPERM
        assert ask(machine, ioctl, 0, request | 1 << 32) == ERRNO | _inner.EPERM
    assert ask(machine, ioctl, 0, 0x5413) == ALLOW  # the size of a window
    assert ask(machine, 0) == ALLOW


def test_numbers_of_other_kinds_are_refused() -> None:
    assert ask("x86_64", 0, audit=0x40000003) == KILL  # i386
    assert ask("aarch64", 0, audit=0x40000028) == KILL  # arm
    assert ask("x86_64", 0x40000000 | 41, 40) == ERRNO | _inner.ENOSYS  # x32
