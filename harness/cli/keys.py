"""`harness keys`: make a key, see what is encrypted with which, and change it."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter

from harness.cli.opened import prepare
from harness.cli.out import Out
from harness.contracts.errors import ConfigError
from harness.store.keyring import Keyring, new_key
from harness.terminal import door
from harness.terminal.text import count


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
    if settings.encryption.key is None:
        if args.what == "rotate":
            raise ConfigError(
                "missing", "encryption.key is not set.", fix="Make one with `harness keys new`."
            )
        if out.json:
            out.line({"on": False})
        else:
            out.raw("Nothing is encrypted: encryption.key is not set.")
        return door.DONE
    ring = Keyring(settings.encryption, project / settings.state_dir / "keys")
    return await (_rotate(ring, out) if args.what == "rotate" else _status(ring, out))


async def _rotate(ring: Keyring, out: Out) -> int:
    done, there = await ring.rotate()
    if out.json:
        out.line({"rotated": done, "keys": there, "master": ring.master})
    else:
        out.raw(f"{count(done, 'key')} of {there:,} wrapped anew with key {ring.master}.")
    return door.DONE


async def _status(ring: Keyring, out: Out) -> int:
    masters: Counter[str] = Counter()
    destroyed = 0
    async for id in ring.ids():
        wrapped = await ring.wrapped_by(id)
        if wrapped is None:
            destroyed += 1
        else:
            masters[wrapped] += 1
    missing = sorted(set(masters) - set(ring.masters))
    if out.json:
        out.line({
            "on": True, "keyring": ring.place, "master": ring.master, "keys": dict(masters),
            "destroyed": destroyed, "missing": missing,
        })  # fmt: skip
        return door.FAILED if missing else door.DONE
    out.raw(f"Encrypted with key {ring.master}; the keys of runs are in {ring.place}.")
    for master, number in sorted(masters.items()):
        said = "current" if master == ring.master else "former"
        out.raw(f"  {master}  {count(number, 'key')}  {'MISSING' if master in missing else said}")
    out.raw(f"  {count(destroyed, 'key')} destroyed")
    if missing:
        out.note("Name the missing ones in encryption.old_keys: what they wrap cannot be read.")
    return door.FAILED if missing else door.DONE
