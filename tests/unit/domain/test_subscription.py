"""The state table of design §5, pair by pair, and that its documentation says the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.content import LetterKind
from mailer.domain.subscription import (
    CONFIRM_VALID,
    COUNTERS_KEPT,
    TABLE,
    UNDO_VALID,
    Event,
    Standing,
    Step,
    may_mail,
    next_mail_at,
    step,
)

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "subscription-states.md"
PAIRS = list(product(Standing, Event))
N, P, A, U, B, C, X = Standing
CONFIRM, WELCOME = LetterKind.CONFIRM, LetterKind.WELCOME
ALREADY, GOODBYE = LetterKind.ALREADY, LetterKind.GOODBYE

# Design §5 written out by hand; columns in the order of Event, "!" suppresses the address.
EXPECTED = {
    N: [Step(P, CONFIRM), Step(N), Step(N), Step(N), Step(N), Step(N), Step(N), Step(A, WELCOME)],
    P: [
        Step(P, CONFIRM),
        Step(A, WELCOME),
        Step(N),
        Step(N),
        Step(N, suppress=True),
        Step(N),
        Step(P),
        Step(A, WELCOME),
    ],
    A: [
        Step(A, ALREADY),
        Step(A),
        Step(U, GOODBYE),
        Step(B, suppress=True),
        Step(C, suppress=True),
        Step(N),
        Step(A),
        Step(A),
    ],
    U: [
        Step(P, CONFIRM),
        Step(U),
        Step(U),
        Step(U),
        Step(C, suppress=True),
        Step(N),
        Step(A, WELCOME),
        Step(A, WELCOME),
    ],
    B: [
        Step(P, CONFIRM),
        Step(A, WELCOME),
        Step(U),
        Step(B, suppress=True),
        Step(C, suppress=True),
        Step(N),
        Step(B, suppress=True),
        Step(A, WELCOME),
    ],
    C: [
        Step(P, CONFIRM),
        Step(A, WELCOME),
        Step(U),
        Step(C, suppress=True),
        Step(C, suppress=True),
        Step(N, suppress=True),
        Step(C, suppress=True),
        Step(A, WELCOME),
    ],
    X: [Step(X, suppress=True)] * 8,
}

# How docs/subscription-states.md writes a step.
_CELL = re.compile(r"(?P<standing>[a-z]+|–)(?: \+ (?P<letter>[a-z]+) mail)?(?P<suppress>, suppressed)?")


@pytest.mark.parametrize(("standing", "event"), PAIRS)
def test_every_pair_of_standing_and_event(standing: Standing, event: Event) -> None:
    """It leads where design §5 says, with the letter it says."""
    assert step(standing, event) == EXPECTED[standing][list(Event).index(event)]


def test_the_table_holds_every_pair() -> None:
    """No event meets a standing for which nothing is decided."""
    assert set(TABLE) == set(PAIRS)


@pytest.mark.parametrize(("standing", "event"), PAIRS)
def test_the_documentation_shows_the_table(standing: Standing, event: Event) -> None:
    """docs/subscription-states.md and the code say the same of every pair."""
    assert _documented()[standing, event] == step(standing, event)


def test_the_documentation_shows_nothing_else() -> None:
    """A row or column that the code does not have would mislead."""
    assert set(_documented()) == set(PAIRS)


@pytest.mark.parametrize("standing", Standing)
def test_only_confirming_makes_a_reader_active(standing: Standing) -> None:
    """Double opt-in, always; who had confirmed and left may undo it, and whose address is proven adds."""
    made_active = {event for event in Event if step(standing, event).standing is A}

    may = {A: set(Event), U: {Event.UNDO, Event.ADD}, X: set()}.get(standing, {Event.CONFIRM, Event.ADD})
    assert made_active <= may


@pytest.mark.parametrize(("standing", "event"), PAIRS)
def test_a_stranger_can_only_cause_the_two_quiet_letters(standing: Standing, event: Event) -> None:
    """The form sends a confirm mail or “you are already subscribed”; to who asked for none, nothing."""
    follows = step(standing, Event.SIGN_UP)

    assert follows.letter in ({None} if standing is X else {CONFIRM, ALREADY})
    assert follows.suppress == (standing is X)
    assert (follows.standing is A) == (standing is A)


NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = timedelta(hours=24)
MOMENT = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("kind", "ages", "expected"),
    [
        (CONFIRM, [], True),
        (CONFIRM, [DAY - MOMENT], False),
        (CONFIRM, [DAY], True),
        (CONFIRM, [DAY, 2 * DAY], True),
        (CONFIRM, [DAY, 2 * DAY, 30 * DAY - MOMENT], False),
        (CONFIRM, [DAY, 2 * DAY, 30 * DAY], True),
        (CONFIRM, [MOMENT, 40 * DAY], False),
        (ALREADY, [], True),
        (ALREADY, [DAY - MOMENT], False),
        (ALREADY, [DAY] * 2, True),
        # As CONFIRM: else the fourth sign-up in a month would use up a domain's cap for a reader alone.
        (ALREADY, [DAY] * 3, False),
        (LetterKind.MOVE_IN, [DAY - MOMENT], False),
        (LetterKind.MOVE_IN, [DAY, 2 * DAY, 30 * DAY - MOMENT], False),
        (LetterKind.MANAGE, [MOMENT] * 2, True),
        (LetterKind.MANAGE, [MOMENT] * 3, False),
        (LetterKind.MANAGE, [MOMENT, MOMENT, DAY, DAY, DAY], True),
        (LetterKind.MOVE_OUT, [MOMENT] * 3, False),
        (WELCOME, [MOMENT] * 9, True),
        (GOODBYE, [MOMENT] * 9, True),
    ],
)
def test_how_many_letters_an_address_may_be_sent(
    kind: LetterKind,
    ages: list[timedelta],
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    """One confirm mail per 24 h and 3 per 30 days, “already” as many, settings 3; answers have no cap."""
    assert may_mail(kind, [NOW - age for age in ages], NOW) is expected


@given(
    kind=st.sampled_from(LetterKind),
    ages=st.lists(st.timedeltas(timedelta(), timedelta(days=40)), max_size=8),
)
def test_the_next_letter_is_told_to_the_moment(kind: LetterKind, ages: list[timedelta]) -> None:
    """From then on it may go, and not a moment before; until then nothing else is sent."""
    sent = [NOW - age for age in ages]

    next_at = next_mail_at(kind, sent, NOW)

    assert may_mail(kind, sent, next_at)
    assert next_at == NOW or not may_mail(kind, sent, next_at - timedelta(microseconds=1))
    assert NOW <= next_at <= NOW + COUNTERS_KEPT


def test_times_are_those_of_the_design() -> None:
    """A confirm link works for 72 h, counters stay 30 days, leaving can be undone for 14."""
    wanted = (timedelta(hours=72), timedelta(days=30), timedelta(days=14))
    assert wanted == (CONFIRM_VALID, COUNTERS_KEPT, UNDO_VALID)


def _documented() -> dict[tuple[Standing, Event], Step]:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in DOCUMENT.read_text("utf-8").partition("\n## ")[0].splitlines()
        if line.startswith("|") and not line.startswith("|-")
    ]
    events = [Event(name) for name in rows[0][1:]]
    return {
        (standing, event): _step(cell, standing)
        for name, *cells in rows[1:]
        for standing in [Standing(name)]
        for event, cell in zip(events, cells, strict=True)
    }


def _step(cell: str, before: Standing) -> Step:
    match = _CELL.fullmatch(cell)
    assert match is not None, cell
    after = before if match["standing"] == "–" else Standing(match["standing"])
    letter = LetterKind(match["letter"]) if match["letter"] else None
    return Step(after, letter, suppress=bool(match["suppress"]))
