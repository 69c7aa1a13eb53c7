"""`harness keys`: create a key, show which keys encrypt what, and rotate them."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from pathlib import Path

from harness.cli.context import prepare_project
from harness.cli.out import Out
from harness.config.settings import Settings
from harness.contracts.errors import HarnessError, MissingSetting
from harness.crypto.keyring import Keyring, keyring_of, new_key
from harness.stack import Check, Endpoints, find_stack, make_connect_options
from harness.terminal import exit_codes
from harness.terminal.view.text import count_of

ENGINE_S = 10.0
SHOWN = 5
MISSING = "Add the missing keys to encryption.old_keys: what they wrap cannot be read."


async def run_keys(args: Namespace, out: Out) -> int:
    if args.what == "new":
        key = new_key()
        if out.json:
            out.line({"key": key})
        else:
            out.raw(key)
            out.note("Store it with your other secrets, and set it as HARNESS_ENCRYPTION__KEY.")
        return exit_codes.DONE
    project, settings = prepare_project()
    ring = keyring_of(settings, project)
    if ring is None:
        if args.what == "rotate":
            raise MissingSetting(
                "encryption.key is not set.", fix="Create one with `harness keys new`."
            )
        if out.json:
            out.line({"on": False})
        else:
            out.raw("Nothing is encrypted: encryption.key is not set.")
        return exit_codes.DONE
    return await (_rotate_keys(ring, out) if args.what == "rotate" else _print_status(ring, out))


async def _rotate_keys(ring: Keyring, out: Out) -> int:
    done, there = await ring.rewrap_keys()
    if out.json:
        out.line({"rotated": done, "keys": there, "master": ring.master})
    else:
        out.raw(f"{count_of(done, 'key')} of {there:,} re-wrapped with key {ring.master}.")
    return exit_codes.DONE


async def _print_status(ring: Keyring, out: Out) -> int:
    found = await ring.count_keys()
    if out.json:
        out.line({
            "on": True, "keyring": ring.place, "master": ring.master, "keys": found.masters,
            "destroyed": found.destroyed, "missing": list(found.missing),
        })  # fmt: skip
        return exit_codes.FAILED if found.missing else exit_codes.DONE
    out.raw(f"Encrypted with key {ring.master}; the keys of runs are in {ring.place}.")
    for master, number in sorted(found.masters.items()):
        said = "current" if master == ring.master else "former"
        said = "MISSING" if master in found.missing else said
        out.raw(f"  {master}  {count_of(number, 'key')}  {said}")
    out.raw(f"  {count_of(found.destroyed, 'key')} destroyed")
    if found.missing:
        out.note(MISSING)
    return exit_codes.FAILED if found.missing else exit_codes.DONE


async def check_encryption(settings: Settings, project: Path) -> list[Check]:
    """Check for `harness doctor` that encrypted data can be read and open runs can continue."""
    if settings.encryption.key is None:
        return [Check(name="encryption", ok=True, detail="off: encryption.key is not set")]
    found = [await _check_ring(settings, project)]
    endpoints = await find_stack(settings, project)
    if endpoints is not None:
        found += await _check_open_runs(settings, endpoints)
    return found


async def _check_ring(settings: Settings, project: Path) -> Check:
    try:
        ring = keyring_of(settings, project)
        assert ring is not None
        found = await ring.count_keys()
    except HarnessError as error:
        return Check(name="encryption", ok=False, detail=error.message, fix=error.fix)
    if found.missing:
        what = f"keys in {ring.place} are wrapped by {', '.join(found.missing)}"
        return Check(name="encryption", ok=False, detail=what, fix=MISSING)
    keys = count_of(sum(found.masters.values()), "key")
    return Check(name="encryption", ok=True, detail=f"on, {keys} of runs in {ring.place}")


async def _check_open_runs(settings: Settings, endpoints: Endpoints) -> list[Check]:
    """Check open runs; other problems of Temporal have their own check."""
    from temporalio.client import Client
    from temporalio.service import RPCError

    from harness.engine.plain_runs import open_plain_runs

    try:
        async with asyncio.timeout(ENGINE_S):
            client = await Client.connect(**await make_connect_options(settings, endpoints))
            runs = await open_plain_runs(client)
    except (RPCError, RuntimeError, TimeoutError):
        return []
    if not runs:
        return []
    more = f" and {len(runs) - SHOWN} more" if len(runs) > SHOWN else ""
    return [
        Check(
            name="open runs",
            ok=False,
            detail=f"started before encryption.key was set: {', '.join(runs[:SHOWN])}{more}. "
            "Workers that have the key refuse their unencrypted data",
            fix="Stop the workers, unset encryption.key, let these runs end or abort them, and set "
            "the key again.",
        )
    ]
