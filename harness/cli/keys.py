"""`harness keys`: make a key, see what is encrypted with which, and change it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from harness.cli.opened import prepare
from harness.cli.out import Out
from harness.config.settings import Settings
from harness.contracts.errors import ConfigError, HarnessError
from harness.stack import Check
from harness.store.keyring import Keyring, keyring_of, new_key
from harness.terminal import door
from harness.terminal.text import count

MISSING = "Name the missing keys in encryption.old_keys: what they wrap cannot be read."


async def keys(args: Namespace, out: Out) -> int:
    if args.what == "new":
        key = new_key()
        if out.json:
            out.line({"key": key})
        else:
            out.raw(key)
            out.note("Keep it where secrets are kept; set it as HARNESS_ENCRYPTION__KEY.")
        return door.DONE
    project, settings = prepare()
    ring = keyring_of(settings, project)
    if ring is None:
        if args.what == "rotate":
            raise ConfigError(
                "missing", "encryption.key is not set.", fix="Make one with `harness keys new`."
            )
        if out.json:
            out.line({"on": False})
        else:
            out.raw("Nothing is encrypted: encryption.key is not set.")
        return door.DONE
    return await (_rotate(ring, out) if args.what == "rotate" else _status(ring, out))


async def _rotate(ring: Keyring, out: Out) -> int:
    done, there = await ring.rotate()
    if out.json:
        out.line({"rotated": done, "keys": there, "master": ring.master})
    else:
        out.raw(f"{count(done, 'key')} of {there:,} wrapped anew with key {ring.master}.")
    return door.DONE


async def _status(ring: Keyring, out: Out) -> int:
    found = await ring.census()
    if out.json:
        out.line({
            "on": True, "keyring": ring.place, "master": ring.master, "keys": found.masters,
            "destroyed": found.destroyed, "missing": list(found.missing),
        })  # fmt: skip
        return door.FAILED if found.missing else door.DONE
    out.raw(f"Encrypted with key {ring.master}; the keys of runs are in {ring.place}.")
    for master, number in sorted(found.masters.items()):
        said = "current" if master == ring.master else "former"
        said = "MISSING" if master in found.missing else said
        out.raw(f"  {master}  {count(number, 'key')}  {said}")
    out.raw(f"  {count(found.destroyed, 'key')} destroyed")
    if found.missing:
        out.note(MISSING)
    return door.FAILED if found.missing else door.DONE


async def check(settings: Settings, project: Path) -> Check:
    """For `harness doctor`: whether what is encrypted can be read here."""
    try:
        ring = keyring_of(settings, project)
        if ring is None:
            off = "off: encryption.key is not set"
            return Check(name="encryption", ok=True, detail=off, fix="")
        found = await ring.census()
    except HarnessError as error:
        return Check(name="encryption", ok=False, detail=error.message, fix=error.fix)
    if found.missing:
        what = f"keys in {ring.place} are wrapped by {', '.join(found.missing)}"
        return Check(name="encryption", ok=False, detail=what, fix=MISSING)
    keys = count(sum(found.masters.values()), "key")
    return Check(name="encryption", ok=True, detail=f"on, {keys} of runs in {ring.place}", fix="")
