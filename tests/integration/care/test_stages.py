"""Deploys in stages, and what a crash in the middle leaves."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from harness import Harness
from harness.care.repair import deploying
from harness.care.repair.deploying import Deployer
from harness.care.repair.git import open_clone, revert, take_over
from harness.care.store import CareStore
from harness.care.subjects.registry import add_subject, find_subject
from harness.care.tickets.rows import ChangeRow
from harness.care.tickets.store import TicketStore
from harness.contracts.errors import HarnessError, ToolFailed
from tests.fakes.shop import Shop
from tests.integration.care.conftest import MakeShop

STAGED = '''\
"""Stages: `live` gets the new values at 50 percent; each call is logged with its stage."""
import os, pathlib, subprocess, sys

run, release = pathlib.Path(".run"), os.environ["HARNESS_RELEASE"]
live, before = run / "live", run / f"before-{release}"
stage = os.environ.get("HARNESS_STAGE")
with (run / "log").open("a") as log:
    log.write(f"{' '.join(sys.argv[1:]) or stage}\\n")
if "--back" in sys.argv:
    if before.exists():
        live.write_text(before.read_text())
    sys.exit()
if not before.exists():
    before.write_text(live.read_text())
if stage != "10":
    commit = os.environ["HARNESS_COMMIT"]
    live.write_text(subprocess.check_output(["git", "show", f"{commit}:values"], text=True))
'''


async def make_staged(make_shop: MakeShop) -> Shop:
    shop = await make_shop()
    (shop.folder / "deploy.py").write_text(STAGED)
    file = shop.folder / "subject.toml"
    staged = 'stages = [10, 50, 100]\nstage_seconds = 0.2\neditable = ["values"]'
    file.write_text(file.read_text().replace('editable = ["values"]', staged))
    shop.git("commit", "--quiet", "--all", "-m", "Deploy in stages")
    await add_subject(shop.connection, shop.folder, "tests")
    return shop


async def make_deployer(shop: Shop) -> Deployer:
    return Deployer(shop.connection, await find_subject(shop.connection, shop.name))


def propose(shop: Shop, values: str) -> ChangeRow:
    """A change whose commit is on a branch, as an agent leaves it."""
    (shop.folder / "values").write_text(values)
    shop.git("commit", "--quiet", "--all", "-m", "Change values")
    commit = shop.git("rev-parse", "HEAD")
    shop.git("reset", "--quiet", "--hard", "HEAD^")
    return ChangeRow(
        id=uuid.uuid4().hex, subject=shop.name, ticket=None, run="a-run", kind="deploy",
        commit=commit, summary="Change values", held=("errors", "latency"), state="started",
        message="", by="agent", at=0.0,
    )  # fmt: skip


async def find_change(shop: Shop, change: ChangeRow) -> ChangeRow:
    return (await TicketStore(shop.connection.database).list_changes(id=change.id))[0]


async def test_each_stage_is_deployed_once(caring: Harness, make_shop: MakeShop) -> None:
    shop = await make_staged(make_shop)
    deployer, change = await make_deployer(shop), propose(shop, "0.5 0\n")
    assert (await deployer.deploy(change)).state == "done"
    assert (await deployer.deploy(change)).state == "done"
    assert shop.deploys == ["10", "50", "100"]
    assert (await find_change(shop, change)).stage == 100
    await deployer.take_back(change.id)
    assert shop.deploys[3:] == ["--back"] and shop.live == (0, 0)
    assert shop.git("show", "HEAD:values") == "0 0"


async def test_a_subject_that_is_broken_everywhere_is_repaired_in_stages(
    caring: Harness, make_shop: MakeShop
) -> None:
    """It can be healthy only after the last stage."""
    shop = await make_staged(make_shop)
    file = shop.folder / "subject.toml"
    health = 'health = ["grep", "--quiet", "0.5", ".run/live"]\nhealth_seconds = 1\ntest = '
    file.write_text(file.read_text().replace("test = ", health).replace("[10, 50", "[10, 20"))
    script = shop.folder / "deploy.py"
    script.write_text(STAGED.replace('!= "10"', '== "100"'))
    shop.git("commit", "--quiet", "--all", "-m", "Healthy at the end")
    await add_subject(shop.connection, shop.folder, "tests")
    change = propose(shop, "0.5 0\n")
    assert (await (await make_deployer(shop)).deploy(change)).state == "done"
    assert shop.deploys == ["10", "20", "100"]


async def test_two_changes_of_a_subject_wait_for_each_other(
    caring: Harness, make_shop: MakeShop
) -> None:
    shop = await make_shop()
    shop.slow_down(1)
    changes = [propose(shop, "0.5 0\n"), propose(shop, "0 0.5\n")]
    deployer = await make_deployer(shop)
    await asyncio.gather(*map(deployer.deploy, changes), return_exceptions=True)
    kinds = [line.split()[0] for line in shop.times]
    assert kinds[:2] == ["begin", "end"] and kinds == ["begin", "end"] * (len(kinds) // 2)


async def test_a_stage_that_breaks_an_invariant_is_the_last_one(
    caring: Harness, make_shop: MakeShop
) -> None:
    shop = await make_staged(make_shop)
    change = propose(shop, "0 7\n")
    with pytest.raises(ToolFailed, match=r"taken back: at 50 % latency broken"):
        await (await make_deployer(shop)).deploy(change)
    assert shop.deploys == ["10", "50", "--back"]
    assert shop.live == (0, 0)
    assert shop.git("show", "HEAD:values") == "0 0"
    found = await find_change(shop, change)
    assert (found.state, found.stage) == ("failed", 10)
    with pytest.raises(ToolFailed, match="latency"):  # again, it does nothing
        await (await make_deployer(shop)).deploy(change)
    assert len(shop.deploys) == 3


async def test_after_a_crash_the_stages_go_on(
    caring: Harness, make_shop: MakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await make_staged(make_shop)
    deployer, change = await make_deployer(shop), propose(shop, "0.5 0\n")
    monkeypatch.setattr(deploying, "LOOK_EVERY_S", 60)  # it is stopped while it watches
    going = asyncio.ensure_future(deployer.deploy(change))
    while not shop.deploys:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    going.cancel()
    await asyncio.wait([going])
    monkeypatch.undo()
    assert shop.deploys == ["10"]
    assert (await deployer.deploy(change)).state == "done"
    assert shop.deploys[1:] == ["10", "50", "100"], "the stage was not noted as done"
    assert shop.git("log", "--format=%s").splitlines().count("Change values") == 1


async def test_a_crash_between_revert_and_rollback_is_made_good(
    caring: Harness, make_shop: MakeShop
) -> None:
    """The code was taken back already, but what runs was not."""
    shop = await make_staged(make_shop)
    deployer, change = await make_deployer(shop), propose(shop, "0 7\n")
    await TicketStore(shop.connection.database).begin_change(change, 5)
    clone = await open_clone(shop.folder)
    assert change.commit is not None
    await take_over(clone, change.commit)
    before = shop.folder / ".run" / f"before-{change.id}"
    before.write_text("0 0\n")
    (shop.folder / ".run" / "live").write_text("0 7\n")
    await revert(clone, change.commit)
    with pytest.raises(ToolFailed, match="taken back"):
        await deployer.deploy(change)
    assert shop.deploys == ["--back"] and shop.live == (0, 0)
    assert (await find_change(shop, change)).state == "failed"


async def test_a_commit_in_the_middle_of_a_deploy_is_kept(
    caring: Harness, make_shop: MakeShop
) -> None:
    shop = await make_staged(make_shop)
    deployer, change = await make_deployer(shop), propose(shop, "0.5 0\n")
    await TicketStore(shop.connection.database).begin_change(change, 5)
    assert change.commit is not None
    await take_over(await open_clone(shop.folder), change.commit)
    (shop.folder / "notes").write_text("mine\n")
    shop.git("add", "notes")
    shop.git("commit", "--quiet", "-m", "A note of a person")
    with pytest.raises(ToolFailed, match="code changed before it was resumed"):
        await deployer.deploy(change)
    assert (shop.folder / "notes").read_text() == "mine\n"
    assert shop.git("show", "HEAD:values") == "0 0" and shop.live == (0, 0)


async def test_what_a_run_left_in_the_middle_is_taken_back(
    caring: Harness, make_shop: MakeShop
) -> None:
    shop = await make_staged(make_shop)
    deployer, change = await make_deployer(shop), propose(shop, "0 7\n")
    await TicketStore(shop.connection.database).begin_change(change, 5)
    assert change.commit is not None
    await take_over(await open_clone(shop.folder), change.commit)
    [settled] = await deployer.settle("a-run")
    assert (settled.state, settled.message) == ("failed", "it was not finished")
    assert shop.deploys == ["--back"] and shop.git("show", "HEAD:values") == "0 0"


@pytest.mark.parametrize("kind", ["link", "outside", "no parent", "option"])
async def test_only_what_may_be_edited_is_deployed(
    caring: Harness, make_shop: MakeShop, kind: str, tmp_path: Path
) -> None:
    shop = await make_staged(make_shop)
    change = propose(shop, "0.5 0\n")
    if kind == "link":
        (shop.folder / "values").unlink()
        (shop.folder / "values").symlink_to("/etc/passwd")
        shop.git("commit", "--quiet", "--all", "-m", "A link")
    elif kind == "outside":
        (shop.folder / "deploy.py").write_text("import os")
        shop.git("commit", "--quiet", "--all", "-m", "Another deploy")
    commit = {
        "no parent": shop.git("rev-list", "--max-parents=0", "HEAD"),
        "option": f"--output={tmp_path}/x",
    }.get(kind) or shop.git("rev-parse", "HEAD")  # fmt: skip
    if kind in ("link", "outside"):
        shop.git("reset", "--quiet", "--hard", "HEAD^")
    with pytest.raises(HarnessError):
        await (await make_deployer(shop)).deploy(replace(change, commit=commit))
    assert not shop.deploys and not (tmp_path / "x").exists()
    assert [each.subject.name for each in await CareStore(shop.connection.database).list_subjects()]
