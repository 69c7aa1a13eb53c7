"""What the type checker says of results.

The check `types` reads it, nothing runs it. An error that users must get is ignored here; where it
does not come, the checker reports what is ignored in vain.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=error

from typing import assert_type

from pydantic import BaseModel

import harness
from harness import Agent, Harness, RunHandle, RunResult, run_sync


class Receipt(BaseModel):
    number: int


plain = Agent("plain")
typed = Agent("typed", output=Receipt)
union = Agent("union", output=Receipt | int)


async def check(client: Harness) -> None:
    assert_type((await client.run(plain, "Hi")).output, str)
    assert_type((await client.run(typed, "Hi")).output, Receipt)
    assert_type((await client.run(union, "Hi")).output, Receipt | int)
    assert_type((await client.run(typed, "Hi")).text, str)
    assert_type(await client.start(typed, "Hi"), RunHandle[Receipt])
    assert_type(client.get_run("id", typed), RunHandle[Receipt])
    assert_type(await (await client.start(typed, "Hi")).result(timeout=5), RunResult[Receipt])
    assert_type((await (await client.session().start(typed, "Hi")).fork(1)), RunHandle[Receipt])
    assert_type((await harness.run(typed, "Hi")).output.number, int)
    async with harness.get_run("id", typed) as run:
        assert_type((await run.result()).output, Receipt)
    print((await harness.run(plain, "Hi")).output.number)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType]
    await client.run(plain)  # pyright: ignore[reportCallIssue]
    await client.run(plain, "Hi", modell="openai/gpt-5")  # pyright: ignore[reportCallIssue]


assert_type(run_sync(typed, "Hi").output, Receipt)
assert_type(harness.run_sync(plain, "Hi").output, str)
assert_type(harness.errors.RunNotFound("no").message, str)
