"""Every pair of issue state and move is either in the table or refused."""

from __future__ import annotations

from itertools import product

import pytest

from mailer.domain.issue import MOVES, IssueMove, IssueState, move, states_before
from mailer.errors import InvalidMove

D, R, L, P = IssueState.DRAFT, IssueState.RELEASING, IssueState.RELEASED, IssueState.PAUSED
S, E, C = IssueState.SENT, IssueState.EXPIRED, IssueState.CANCELLED

# Design §3, written once more by hand: rows are states, columns moves, a dash is a refusal.
COLUMNS = (
    IssueMove.RELEASE, IssueMove.FREEZE_DONE, IssueMove.FREEZE_LOST, IssueMove.TAKE_BACK, IssueMove.PAUSE,
    IssueMove.RESUME, IssueMove.CANCEL, IssueMove.FINISH, IssueMove.EXPIRE, IssueMove.RETRY,
)  # fmt: skip
ALLOWED: dict[IssueState, tuple[IssueState | None, ...]] = {
    D: (R, None, None, None, None, None, C, None, E, None),
    R: (None, L, D, None, None, None, None, None, None, None),
    L: (None, None, None, D, P, None, C, S, None, None),
    P: (None, None, None, None, None, L, C, None, None, None),
    S: (*(None,) * 9, L),
    E: (R, None, None, None, None, None, None, None, None, None),
    C: (None,) * 10,
}


@pytest.mark.parametrize(("state", "event"), list(product(IssueState, IssueMove)))
def test_every_pair_of_state_and_move(state: IssueState, event: IssueMove) -> None:
    """It leads where the design says, or raises InvalidMove that names both."""
    expected = ALLOWED[state][COLUMNS.index(event)]

    if expected is None:
        with pytest.raises(InvalidMove, match=f"^this issue is {state}; “{event}” is not possible now$"):
            move(state, event)
    else:
        assert move(state, event) is expected


@pytest.mark.parametrize("event", IssueMove)
def test_a_compare_and_set_compares_with_the_same_table(event: IssueMove) -> None:
    """states_before names the states in which move does not refuse."""
    assert set(states_before(event)) == {state for state in IssueState if (state, event) in MOVES}


def test_nothing_leads_out_of_an_end() -> None:
    """What is cancelled stays so; what is sent only goes back to those who were refused because of us."""
    assert {(state, event) for state, event in MOVES if state in {S, C}} == {(S, IssueMove.RETRY)}
