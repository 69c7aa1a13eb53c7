"""What people are offered to do with a ticket is what its workflow accepts."""

from __future__ import annotations

from typing import get_args

import pytest
from temporalio.exceptions import ApplicationError

from harness.care.contracts import TicketAct
from harness.care.states import TRANSITIONS, Action, TicketState, find_actions
from harness_workflows.care.ticket import CareTicket


@pytest.mark.parametrize("state", TRANSITIONS)
def test_actions(state: TicketState) -> None:
    ticket = CareTicket.__new__(CareTicket)  # its __init__ needs the clock of a workflow
    ticket.state, ticket.working = state, None
    accepted = list[Action]()
    for action in get_args(Action):
        try:
            ticket.check_act(TicketAct(action=action, by="ada"))
        except ApplicationError:
            continue
        accepted.append(action)
    assert tuple(accepted) == find_actions(state)
