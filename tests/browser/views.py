"""All views of the page, read from the files that make them, and what fills their parameters."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from harness import Agent, tool
from harness.budgets.accounts import Account
from harness.budgets.rows import Ask, Spent
from harness.budgets.store import BudgetStore
from tests.browser.live import look
from tests.browser.site import Site
from tests.fakes.runs import eventually, send
from tests.fakes.steps import Say, say

ROUTES = Path(__file__).parents[2] / "web" / "src" / "routes"
PLACES = Path(__file__).parents[2] / "web" / "src" / "shell" / "nav.tsx"


def find_routes() -> list[str]:
    """Each route as its file says it: `/runs/$run`."""
    found = {
        _route(file.relative_to(ROUTES))
        for file in ROUTES.rglob("*.tsx")
        if not any(part.startswith("-") for part in file.relative_to(ROUTES).parts)
        and file.stem not in ("__root", "route")
    }
    # Panels come with packages, which the tests of panels install.
    return sorted(route for route in {*found, *find_places()} if not route.startswith("/panels/"))


def find_places() -> list[str]:
    """What the list of views leads to."""
    return re.findall(r'\{ to: "(/[^"]*)"', PLACES.read_text(encoding="utf-8"))


def _route(file: Path) -> str:
    names = [name for part in (*file.parts[:-1], file.stem) for name in part.split(".")]
    named = [name for name in names if name != "index" and not name.startswith("_")]
    return "/" + "/".join(name.removesuffix("_") for name in named)


@tool(effect="write", approval="always")
def pay(to: str, amount: float, note: str) -> str:
    """Pay an invoice."""
    return f"paid {amount} to {to}"


class Furnished:
    """A site in which each view has something to show."""

    def __init__(self, site: Site, values: dict[str, str]) -> None:
        self.site = site
        self._values = values

    def path(self, route: str) -> str:
        """The address of a route. A new parameter gets its value in `furnish`."""
        return re.sub(r"\$(\w+)", lambda found: self._values[found[1]], route)


MARKDOWN = """# A heading

Some **bold** words, `code`, and a [link](https://example.com/).

| Column | Other |
|---|---|
| 1 | 2 |

```python
print("a long line that has to scroll inside of its own box, whatever the width of the window is")
```

- one
- two
"""


ASK = Ask(
    id="", place="", attempt=1, run="", top=None, input=100, input_cost=0, output_price=0.0,
    most=100, enough=100, useful=100, last=False,
)  # fmt: skip
SPENT = Spent(
    run="", model="openai/gpt-5", agent="", session=None, owner=None, input=100, cached=0,
    output=100, cost=50_000, estimated=False,
)  # fmt: skip
TEMPLATE = """+++
[variables.place]
type = "string"
+++
Look at {{ place }}.
"""


async def furnish(site: Site) -> Furnished:
    """A run that is done, one that waits for a person, a conversation, a template, memories, and a
    shared budget."""
    await site.harness.serve(Agent(site.name, tools=[look, send, pay]))
    client = await site.client()
    site.model.script(
        Say(text="Let me look.", thinking="Where?", calls=(("look", {"place": "a" * 80}),)),
        say(MARKDOWN),
    )
    done = await site.start("Look for it, please.")
    await finish(site, done)
    site.model.script(say("Yes, that works."))
    created = await client.post("/api/v1/conversations", json={"agent": site.name})
    assert created.status_code == 201, created.text
    conversation = created.json()["id"]
    sent = await client.post(
        f"/api/v1/conversations/{conversation}/messages", json={"content": "Does it work?"}
    )
    assert sent.status_code == 202, sent.text
    await site.model.called(3)
    site.model.script(
        Say(calls=(("pay", {"to": "Office supplies", "amount": 12.5, "note": "July"}),))
    )
    waiting = await site.start("Pay the invoice.")
    await until_state(site, waiting, "waiting")
    template = f"template-{site.name}"
    saved = await client.put(f"/api/v1/prompts/{template}", json={"text": TEMPLATE})
    assert saved.status_code == 201, saved.text
    for text in ("Ada drinks green tea.", f"Invoices go to {'a' * 80}@shop.example."):
        added = await client.post("/api/v1/memories", json={"text": text})
        assert added.status_code == 201, added.text
    await share_budget(site, f"run:{done}")
    return Furnished(
        site,
        {
            "run": done,
            "waiting": waiting,
            "conversation": conversation,
            "id": conversation,
            "agent": site.name,
            "prompt": template,
            "capability": "nobody",
            "panel": "nothing",
            "left": done,
            "right": waiting,
        },
    )


async def share_budget(site: Site, key: str, owner: str | None = None) -> None:
    """A budget of 1,000 tokens, 200 of them spent."""
    store, id = BudgetStore(site.harness.connection.database), f"spent-{key}"
    account = Account(key=key, owner=owner or site.user, tokens=1_000)
    await store.reserve(site.name, [account], replace(ASK, id=id, place=id, run=id))
    spent = replace(SPENT, run=id, agent=site.name, owner=account.owner)
    await store.settle(id, spent)


async def until_state(site: Site, run: str, state: str) -> None:
    client = await site.client()

    async def look() -> str:
        return (await client.get(f"/api/v1/runs/{run}")).json()["state"]

    await eventually(look, lambda seen: seen == state)


async def finish(site: Site, run: str) -> None:
    """Until a run is over."""
    client = await site.client()
    answer = await client.get(f"/api/v1/runs/{run}/result", params={"wait": 30})
    assert answer.status_code == 200, answer.text
