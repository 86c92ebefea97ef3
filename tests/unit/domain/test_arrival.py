"""Moving house lowers consent and never raises it, and what readers chose here goes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.arrival import (
    REASONS,
    STRANGER,
    Arrival,
    Change,
    Claim,
    Known,
    Mention,
    as_of,
    decide,
    gather,
)
from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.subscription import Standing

BE, RU = Language.BELARUSIAN, Language.RUSSIAN
MARCH, MAY = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
GOING = tuple(REASONS)
CHOSE_HERE = Known(Standing.ACTIVE, is_reader=True, is_live=True, is_own_choice=True, since=MARCH)
CAME_BY_FILE = replace(CHOSE_HERE, is_own_choice=False)


def said(claim: Claim, list_name: str = "Weekly BE", language: Language = BE) -> Mention:
    """Return what one line says."""
    return Mention(list_name, language, claim, MARCH)


def arrival(claim: Claim, at: datetime | None = MARCH) -> Arrival:
    """Return somebody on one list."""
    return Arrival(claim, at, BE, None, "Weekly BE")


@pytest.mark.parametrize(
    ("mentions", "claim", "language"),
    [
        ([said(Claim.CONFIRMED)], Claim.CONFIRMED, BE),
        ([said(Claim.CONFIRMED), said(Claim.LEFT)], Claim.LEFT, BE),
        ([said(Claim.LEFT), said(Claim.CONFIRMED)], Claim.LEFT, BE),
        ([said(Claim.LEFT), said(Claim.CONFIRMED, "weekly\u00a0be ")], Claim.LEFT, BE),
        ([said(Claim.LEFT), said(Claim.CONFIRMED, "Weekly RU", RU)], Claim.CONFIRMED, RU),
        ([said(Claim.LEFT), said(Claim.UNCONFIRMED, "Weekly RU", RU)], Claim.UNCONFIRMED, RU),
        ([said(Claim.UNCONFIRMED), said(Claim.CONFIRMED, "Weekly RU", RU)], Claim.CONFIRMED, RU),
        ([said(Claim.BLOCKED), said(Claim.CONFIRMED, "Weekly RU", RU)], Claim.BLOCKED, BE),
        ([said(Claim.BOUNCED), said(Claim.COMPLAINED, "Weekly RU", RU)], Claim.COMPLAINED, RU),
    ],
)
def test_lines_about_one_person_become_one_word(
    mentions: list[Mention], claim: Claim, language: Language
) -> None:
    """Of one list, in any spelling, the lowest counts; one may be left and another stay; a block holds."""
    assert (gather(mentions).claim, gather(mentions).language) == (claim, language)


def test_who_reads_two_languages_gets_the_second_where_the_first_is_missing() -> None:
    """Two confirmed lists are one reader, and no text is mailed twice."""
    both = gather([said(Claim.CONFIRMED), said(Claim.CONFIRMED, "Weekly RU", RU)])

    assert (both.language, both.missing) == (BE, MissingRule(RU))


@pytest.mark.parametrize(
    ("known", "claim", "change"),
    [
        (STRANGER, Claim.CONFIRMED, Change.SUBSCRIBED),
        (STRANGER, Claim.UNCONFIRMED, Change.WAITING),
        *((STRANGER, claim, Change.STOPPED) for claim in GOING),
        # Readers of another newsletter here.
        (Known(is_reader=True, is_live=True), Claim.CONFIRMED, Change.SUBSCRIBED),
        (Known(is_reader=True, is_live=True), Claim.UNCONFIRMED, Change.WAITING),
        *((Known(is_reader=True, is_live=True), claim, Change.KEPT) for claim in GOING),
        # Who left here, and whose row is still there.
        (Known(is_reader=True), Claim.CONFIRMED, Change.KEPT),
        (Known(Standing.UNSUBSCRIBED, is_reader=True), Claim.CONFIRMED, Change.KEPT),
        (Known(Standing.BOUNCED, is_suppressed=True, is_reader=True), Claim.CONFIRMED, Change.KEPT),
        (Known(Standing.COMPLAINED, is_suppressed=True, is_reader=True), Claim.LEFT, Change.KEPT),
        # Whom we may not mail.
        (Known(is_suppressed=True), Claim.CONFIRMED, Change.REFUSED),
        (Known(is_suppressed=True), Claim.UNCONFIRMED, Change.REFUSED),
        (Known(is_suppressed=True, is_reader=True, is_live=True), Claim.CONFIRMED, Change.REFUSED),
        *((Known(is_suppressed=True), claim, Change.KEPT) for claim in GOING),
        # Who signed up here and has not confirmed is not confirmed by a file.
        (Known(Standing.PENDING, is_reader=True, is_live=True), Claim.CONFIRMED, Change.KEPT),
        *((CHOSE_HERE, claim, Change.KEPT) for claim in Claim),
        *((CAME_BY_FILE, claim, Change.ENDED) for claim in GOING),
        (CAME_BY_FILE, Claim.CONFIRMED, Change.KEPT),
        (CAME_BY_FILE, Claim.UNCONFIRMED, Change.KEPT),
    ],
)
def test_what_becomes_of_each(known: Known, claim: Claim, change: Change) -> None:
    """What is known here goes first; strangers come in as low as their file proves."""
    assert decide(known, arrival(claim)) is change


def test_who_left_there_after_choosing_here_leaves() -> None:
    """The later choice counts, wherever it was made; without a date, the one made here."""
    assert decide(CHOSE_HERE, arrival(Claim.LEFT, MAY)) is Change.ENDED
    assert decide(CHOSE_HERE, arrival(Claim.LEFT, None)) is Change.KEPT


knowns = st.builds(
    Known,
    standing=st.sampled_from(Standing),
    is_suppressed=st.booleans(),
    is_reader=st.booleans(),
    is_live=st.booleans(),
    is_own_choice=st.booleans(),
    since=st.sampled_from([None, MARCH, MAY]),
)


@given(knowns, st.sampled_from(Claim), st.sampled_from([None, MARCH, MAY]))
def test_consent_is_never_raised(known: Known, claim: Claim, at: datetime | None) -> None:
    """Only a stranger to the newsletter whom nothing stops is taken in, and only proof subscribes."""
    change = decide(known, arrival(claim, at))

    if change in (Change.SUBSCRIBED, Change.WAITING):
        assert known.standing is Standing.NONE
        assert not known.is_suppressed
    assert change is not Change.SUBSCRIBED or claim is Claim.CONFIRMED
    if claim in GOING:
        assert change in (Change.STOPPED, Change.ENDED, Change.KEPT)


@pytest.mark.parametrize(
    ("hours", "claim"), [(-1, Claim.CONFIRMED), (24, Claim.CONFIRMED), (25, Claim.UNCONFIRMED)]
)
def test_a_consent_that_is_still_to_come_proves_nothing(hours: int, claim: Claim) -> None:
    """A day is left for the zones of clocks; all else stays as it was said."""
    said_at = MARCH + timedelta(hours=hours)

    heard = as_of(arrival(Claim.CONFIRMED, said_at), MARCH)

    assert heard == arrival(claim, said_at)


def test_who_left_in_the_future_has_left() -> None:
    """Only what would subscribe somebody is doubted."""
    leaving = arrival(Claim.LEFT, MARCH + timedelta(days=400))

    assert as_of(leaving, MARCH) is leaving
