"""What people read about shared budgets."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence

from harness.budgets.accounts import Account, is_configured
from harness.budgets.rows import Answer, Ask
from harness.budgets.worst_case import LAST_USEFUL

CENT = 10_000
"""Millionths of a US dollar."""
LAST_PROMPT = 150
"""Tokens of the message that makes a turn the last one, with room to spare."""
STEP = 1_000
"""Tokens that are proposed to grant: a multiple of it."""


def describe_reached(answer: Answer, ask: Ask) -> str:
    """Say which budget allows no further call, what of it is used, and what the call needs."""
    used, left, needed = list[str](), list[str](), list[str]()
    if answer.most_tokens is not None:
        spent = answer.used_tokens or 0
        used.append(f"{spent:,} of {answer.most_tokens:,} tokens")
        left.append(f"{max(0, answer.most_tokens - spent):,} tokens")
        needed.append(
            f"{_needed_tokens(ask):,} tokens ({ask.input:,} to read, {ask.useful:,} to answer)"
        )
    if answer.most_cost is not None:
        spent = answer.used_cost or 0
        used.append(f"{dollars(spent)} of {dollars(answer.most_cost)}")
        left.append(dollars(max(0, answer.most_cost - spent)))
        needed.append(dollars(_needed_cost(ask)))
    if answer.most_seconds is not None:
        used.append(f"{answer.used_seconds or 0:.0f} of {answer.most_seconds:g} seconds")
    text = (
        f"The budget {answer.stop} does not allow another model call: {', '.join(used)} are used."
    )
    if needed and not _is_late(answer):
        fits = (
            _short_tokens(answer, ask, keep=False) <= 0
            and _short_cost(answer, ask, keep=False) <= 0
        )
        kept = ", but a twentieth of the budget is kept for a last turn" if fits else ""
        text += (
            f" The call needs at least {' and '.join(needed)}; left: {' and '.join(left)}{kept}."
        )
    return text


def advise_reached(
    answer: Answer, ask: Ask, accounts: Sequence[Account], *, shortens: bool = False
) -> str:
    """Say how the run goes on: what to grant, with the command, or how to end it. `shortens`:
    whether a last turn can leave out a part of the conversation."""
    key = answer.stop or ""
    account = next((each for each in accounts if each.key == key), Account(key=key))
    command = f"harness budgets grant {shlex.quote(key)}{_amounts(answer, ask)}"
    if is_configured(key):
        how = (
            f"The settings name this budget, so an admin grants more of it: `{command}`. Approving "
            "grants nothing: the budget is only checked again."
        )
    elif _is_enough(account, answer, ask):
        how = f"Approve to grant as much again, or grant an amount: `{command}`."
    else:
        how = f"As much again is not enough. Grant more: `{command}`."
    reads = (ask.input // 2 if shortens else ask.input) + LAST_PROMPT
    if ask.last or not _allows_summary(answer, ask, reads):
        return how
    return f"{how} To let it sum up in a last turn: `harness answer {shlex.quote(ask.run)} finish`."


def dollars(micros: int) -> str:
    """An amount, with as many digits as it needs."""
    return f"${micros / 1e6:.2f}" if micros % 10_000 == 0 else f"${micros / 1e6:.6f}".rstrip("0")


def _needed_tokens(ask: Ask) -> int:
    return ask.input + ask.useful


def _needed_cost(ask: Ask) -> int:
    return ask.input_cost + math.ceil(ask.useful * ask.output_price)


def _is_late(answer: Answer) -> bool:
    return answer.most_seconds is not None and (answer.used_seconds or 0) >= answer.most_seconds


def _short_tokens(answer: Answer, ask: Ask, *, keep: bool = True) -> int:
    """How many tokens are missing, if the budget keeps as much as it can for last turns."""
    if answer.most_tokens is None:
        return 0
    kept = 0 if ask.last or not keep else min(answer.most_tokens // 20, 4_000)
    return _needed_tokens(ask) + kept + (answer.used_tokens or 0) - answer.most_tokens


def _short_cost(answer: Answer, ask: Ask, *, keep: bool = True) -> int:
    if answer.most_cost is None:
        return 0
    kept = 0 if ask.last or not keep else answer.most_cost // 20
    return _needed_cost(ask) + kept + (answer.used_cost or 0) - answer.most_cost


def _amounts(answer: Answer, ask: Ask) -> str:
    """Options of `harness budgets grant`, rounded up."""
    tokens, cost = _short_tokens(answer, ask), _short_cost(answer, ask)
    found = ""
    if tokens > 0:
        found += f" --tokens {-(-tokens // STEP) * STEP}"
    if cost > 0:
        found += f" --cost {-(-cost // CENT) / 100:.2f}"
    if _is_late(answer) and answer.most_seconds is not None:
        found += f" --seconds {answer.most_seconds:g}"
    return found


def _is_enough(account: Account, answer: Answer, ask: Ask) -> bool:
    """Whether as much again lets the call through; not known of the budget of a run above."""
    tokens, cost = _short_tokens(answer, ask), _short_cost(answer, ask)
    return (account.tokens is None or tokens <= account.tokens) and (
        account.cost is None or cost <= account.cost
    )


def _allows_summary(answer: Answer, ask: Ask, reads: int) -> bool:
    """Whether a last turn that reads so many tokens would fit."""
    input_cost = math.ceil(ask.input_cost * reads / max(1, ask.input))
    tokens, cost = answer.most_tokens, answer.most_cost
    return (tokens is None or reads + LAST_USEFUL <= tokens - (answer.used_tokens or 0)) and (
        cost is None
        or input_cost + math.ceil(LAST_USEFUL * ask.output_price) <= cost - (answer.used_cost or 0)
    )
