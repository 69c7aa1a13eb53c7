"""The work that the screenshots show: agents of a small shop, and what their model answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness import Agent, tool
from harness.errors import ToolUnavailable
from tests.fakes.steps import Say, Step, call, calls, fail, say

# --- accounts payable: reads an invoice, checks the order, asks before it pays

INVOICE = """Invoice 2026-1187
Supplier: Nordvik Paper AS
Order: PO-3391

  Copy paper A4, 80 g     120 boxes    2,340.00
  Envelopes C5             40 boxes      612.00
  Delivery                                95.00
                              Total EUR 3,047.00

Due within 14 days."""


@tool(effect="read")
def read_invoice(number: str) -> str:
    """Read an invoice as text."""
    return INVOICE


@tool(effect="read")
def find_order(number: str) -> dict[str, Any]:
    """Find a purchase order."""
    return {
        "number": number,
        "supplier": "Nordvik Paper AS",
        "ordered": "2026-11-12",
        "received": {"copy paper A4": 120, "envelopes C5": 40},
        "total": 3047.0,
        "currency": "EUR",
    }


def is_large(arguments: Mapping[str, Any]) -> str | bool:
    return "payments over 1,000 need approval" if arguments["amount"] > 1000 else False


@tool(effect="irreversible", approval=is_large)
def pay(supplier: str, amount: float, currency: str, reference: str) -> str:
    """Pay a supplier."""
    return f"paid {amount:,.2f} {currency} to {supplier}, reference {reference}"


def payment_waits() -> list[Step]:
    return [
        Say(
            text="I will read the invoice and compare it with the order.",
            thinking="The invoice names an order, so both have to agree before anything is paid.",
            calls=(
                ("read_invoice", {"number": "2026-1187"}),
                ("find_order", {"number": "PO-3391"}),
            ),
        ),
        Say(
            text="Invoice and order agree: 120 boxes of paper and 40 of envelopes were received, "
            "and the total is EUR 3,047.00 on both.",
            calls=(
                (
                    "pay",
                    {
                        "supplier": "Nordvik Paper AS",
                        "amount": 3047.0,
                        "currency": "EUR",
                        "reference": "2026-1187",
                    },
                ),
            ),
        ),
    ]


# --- stock: a warehouse that does not answer at first, and a model that refuses in the end


_asked = 0


@tool(effect="read", attempts=4)
def read_stock(warehouse: str) -> dict[str, int]:
    """Read what a warehouse has."""
    global _asked
    _asked += 1
    if _asked < 4:
        raise ToolUnavailable(f"The stock system of {warehouse} did not answer within 2 s.")
    return {"copy paper A4": 310, "envelopes C5": 0, "toner black": 14}


@tool(effect="write")
def reserve(item: str, boxes: int, order: str) -> str:
    """Reserve boxes for an order."""
    return f"reserved {boxes} of {item} for {order}"


def stock_fails() -> list[Step]:
    return [
        say(
            "I will look at the stock in Bergen.", calls=(("read_stock", {"warehouse": "Bergen"}),)
        ),
        fail(503, "The service is overloaded.", retry_after=0.2),
        fail(503, "The service is overloaded.", retry_after=0.2),
        call("reserve", item="copy paper A4", boxes=40, order="SO-8120"),
        fail(400, "This request exceeds the limit of your plan.", code="billing_hard_limit"),
    ]


# --- release notes: a long run of many small reads

CHANGES = (
    ("api", "Return 409 when an order was changed by somebody else"),
    ("web", "Keep the filters of the order list in the address"),
    ("jobs", "Send reminders once a day instead of at each start"),
    ("api", "Accept an idempotency key for refunds"),
    ("web", "Show the currency beside each amount"),
    ("docs", "Describe how refunds are rounded"),
)


@tool(effect="read")
def read_change(number: int) -> dict[str, Any]:
    """Read a merged change."""
    room, title = CHANGES[number % len(CHANGES)]
    return {"number": number, "room": room, "title": title, "files": 1 + number % 7}


@tool(effect="write")
def write_section(room: str, text: str) -> str:
    """Write a section of the release notes."""
    return f"wrote {len(text.split())} words about {room}"


NOTES = """## Release 4.12

**Orders**

- An order that somebody else has changed is no longer overwritten: the API answers 409.
- The list of orders keeps its filters in the address.

**Refunds**

- `POST /refunds` accepts an idempotency key, so that a repeated request refunds once.

| Room | Changes | Files |
|---|---|---|
| api | 16 | 61 |
| web | 16 | 70 |
| jobs | 8 | 22 |
"""


def release_notes() -> list[Step]:
    steps: list[Step] = []
    for first in range(410, 450, 4):
        wanted = [("read_change", {"number": number}) for number in range(first, first + 4)]
        steps.append(calls(*wanted, text=f"Changes {first} to {first + 3} next."))
    for room in ("api", "web", "jobs"):
        text = " ".join(title for of, title in CHANGES if of == room)
        steps.append(call("write_section", room=room, text=text))
    return [*steps, say(NOTES)]


# --- support: a conversation

REFUNDS = """Four orders were refunded last week:

| Order | Customer since | Refunded | Reason |
|---|---|---|---|
| SO-8034 | 2023 | EUR 48.00 | arrived damaged |
| SO-8051 | 2021 | EUR 12.50 | price was wrong |
| SO-8066 | 2026 | EUR 129.00 | returned within 14 days |
| SO-8079 | 2024 | EUR 31.20 | one item was missing |

Together **EUR 220.70**, which is 0.8 % of the week's sales.
"""
QUERY = """This is the query, grouped by reason:

```sql
SELECT reason, count(*) AS refunds, sum(amount) AS total
FROM refunds
WHERE refunded_at >= date_trunc('week', now()) - interval '1 week'
  AND refunded_at <  date_trunc('week', now())
GROUP BY reason
ORDER BY total DESC;
```

It counts weeks from Monday. For the shop's own time zone, set `TimeZone` in the session first.
"""


@tool(effect="read")
def query_orders(statement: str) -> list[dict[str, Any]]:
    """Query the shop's orders."""
    return [
        {"order": "SO-8034", "refunded": 48.0, "reason": "arrived damaged"},
        {"order": "SO-8051", "refunded": 12.5, "reason": "price was wrong"},
        {"order": "SO-8066", "refunded": 129.0, "reason": "returned within 14 days"},
        {"order": "SO-8079", "refunded": 31.2, "reason": "one item was missing"},
    ]


def refund_answers() -> list[Step]:
    statement = "SELECT * FROM refunds WHERE refunded_at > now() - interval '7 days'"
    return [
        call("query_orders", statement=statement),
        say(REFUNDS),
        say(QUERY),
    ]


AGENTS: list[Agent[Any, Any]] = [
    Agent(
        "accounts-payable",
        instructions="Pay invoices that agree with their orders. Never pay what was not received.",
        tools=[read_invoice, find_order, pay],
    ),
    Agent(
        "stock",
        instructions="Reserve what is in stock for new orders.",
        tools=[read_stock, reserve],
    ),
    Agent(
        "release-notes",
        instructions="Write release notes for people who use the shop.",
        tools=[read_change, write_section],
    ),
    Agent(
        "support",
        instructions="Answer questions about orders from the data.",
        tools=[query_orders],
    ),
]
