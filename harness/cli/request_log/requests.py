"""`harness requests`: what was sent to model providers, and what they answered."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any, cast

from harness.cli.access.shown import print_table
from harness.cli.context import open_backend
from harness.cli.history.time_filter import parse_since
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line, clean_text
from harness.request_log.rows import RequestFilter
from harness.request_log.views import RecordedRequest, RequestDetail, RequestPart
from harness.terminal import exit_codes
from harness.terminal.view.text import format_money

HEADS = ("ID", "TIME", "RUN", "TURN", "MODEL", "STATUS", "MS", "TOKENS", "COST")
OPTIONS = ("turn", "model", "status", "since", "search", "limit")
MOST = 10_000
PAGE = 200


async def show_requests(args: Namespace, out: Out) -> int:
    if args.run == "show":
        return await _show_request(args, out)
    if args.id is not None:
        raise UsageError(
            f"`harness requests` does not take {args.id!r}.", "See `harness requests --help`."
        )
    if args.limit is not None and not 1 <= args.limit <= MOST:
        raise UsageError(f"--limit must be 1 to {MOST:,}.", "Use a number in that range.")
    which = RequestFilter(
        run=args.run, turn=args.turn, model=args.model, status=args.status,
        since=parse_since(args.since) if args.since else None, search=args.search,
    )  # fmt: skip
    found, limit, cursor = list[RecordedRequest](), args.limit or 50, None
    async with open_backend(args, out) as backend:
        while len(found) < limit:
            page = await backend.requests.list(which, min(PAGE, limit - len(found)), cursor)
            found += page.requests
            cursor = page.next
            if cursor is None:
                break
    if out.json:
        for each in found:
            out.line(each.model_dump(mode="json", exclude_none=True))
    elif found:
        print_table(out, HEADS, [_cells(each) for each in found])
    else:
        out.note("No requests are recorded. To record them, set request_log.sample = 1.0.")
    return exit_codes.DONE


async def _show_request(args: Namespace, out: Out) -> int:
    given = next((name for name in OPTIONS if getattr(args, name) is not None), None)
    if args.id is None or given:
        problem = f"does not take --{given}" if given else "needs the id of a request"
        raise UsageError(f"`harness requests show` {problem}.", "List them: harness requests")
    async with open_backend(args, out) as backend:
        found = await backend.requests.show(args.id)
    if out.json:
        out.line(found.model_dump(mode="json", exclude_none=True))
    else:
        _print_detail(found, out)
    return exit_codes.DONE


def _cells(each: RecordedRequest) -> tuple[str, ...]:
    tokens = "-" if each.input is None else f"{each.input:,} + {each.output or 0:,}"
    return (
        each.id, f"{each.at.astimezone():%m-%d %H:%M:%S}", each.run, str(each.turn), each.model,
        each.status, f"{each.ms:,.0f}", tokens, format_money(each.cost_micros),
    )  # fmt: skip


def _print_detail(found: RequestDetail, out: Out) -> None:
    print_table(out, HEADS, [_cells(found)])
    facts = {
        "agent": found.agent, "owner": found.owner, "session": found.session,
        "purpose": found.purpose, "call": found.call, "attempt": found.attempt,
        "first text after": None if found.first_ms is None else f"{found.first_ms:,.0f} ms",
        "provider's id": found.request_id, "previous request": found.previous,
        "parameters": json.dumps(found.params) if found.params else None,
    }  # fmt: skip
    for name, value in facts.items():
        if value is not None:
            out.raw(f"{name}: {clean_line(str(value))}")
    out.raw(f"\nRequest ({found.added} parts added, {found.removed} removed)")
    if found.earlier:
        out.raw(f"  {found.earlier:,} older messages are not recorded")
    for part in found.parts:
        out.raw(f"{'+' if part.added else ' '} {_show_part(part)}")
    out.raw("\nAnswer")
    if found.error is not None:
        out.raw(f"  {clean_line(found.error.code)}: {clean_text(found.error.message)}")
    if found.text is not None:
        out.raw(f"  {clean_text(found.text)}")
    if found.response is not None:
        out.raw(f"  {_show_message(found.response)}")


def _show_part(part: RequestPart) -> str:
    if part.value is None:
        return f"{part.kind}: not recorded"
    if part.kind == "message":
        return _show_message(part.value)
    text = part.value if isinstance(part.value, str) else json.dumps(part.value)
    return f"{part.kind}: {_indent(text)}"


def _show_message(message: dict[str, Any]) -> str:
    texts = [_show_piece(each) for each in cast("list[Any]", message.get("parts") or [])]
    return f"{clean_line(str(message.get('role')))}: " + _indent("\n".join(texts))


def _show_piece(piece: Any) -> str:
    match piece:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": "tool_call", "name": name, "arguments": arguments}:
            return f"calls {name} {json.dumps(arguments, ensure_ascii=False)}"
        case {"type": "tool_result", "name": name, "content": content}:
            return f"result of {name}: {content}"
        case _:
            return json.dumps(piece, ensure_ascii=False)


def _indent(text: str) -> str:
    return clean_text(text).replace("\n", "\n    ")
