"""The breaker: five refusals in a row that are about us stop a provider group, or the issue."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.breaker import MOST_IN_A_ROW, Breaker, Trip, widened
from mailer.domain.outcome import Accepted, Blame, Deferred, Failed, Outcome, Stage, Unknown

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ACCEPTED = Accepted(Stage.DOT, "250 2.0.0 ok")
REFUSED = Failed(Stage.DOT, "550 5.7.26 unauthenticated", Blame.SENDER)
TOO_LARGE = Failed(Stage.DOT, "552 5.3.4 message too big", Blame.SENDER)
NO_SMTPUTF8 = Failed(Stage.RCPT, "553 5.6.7 no non-ASCII addresses", Blame.SENDER)
NO_SMTPUTF8_AT_MAIL = Failed(Stage.MAIL, "550 5.6.7 no non-ASCII addresses", Blame.SENDER)
NO_MAILBOX = Failed(Stage.RCPT, "550 5.1.1 no such user", Blame.READER)
LATER = Deferred(Stage.RCPT, "451 4.7.1 greylisted", NOW)
BUSY = Deferred(Stage.CONNECT, "421 4.3.2 shutting down", NOW)
HUNG_UP = Deferred(Stage.MAIL, "the connection was closed", NOW)
BAD_SENDER = Deferred(Stage.MAIL, "550 5.7.1 sender refused", NOW)
TOO_FAST = Deferred(Stage.MAIL, "550 5.7.0 sending rate limit exceeded, try again later", NOW)
LOGIN = Deferred(Stage.CONNECT, "535 5.7.8 bad credentials", NOW)
UNCERTAIN = Unknown(Stage.DOT, "the connection was closed", None)


Met = list[tuple[str, Outcome]]


def trips(breaker: Breaker, *met: tuple[str, Outcome], issue: int = 1) -> list[Trip]:
    """Let the breaker hear what copies met; return what it said."""
    return [trip for group, outcome in met if (trip := breaker.heard(issue, group, outcome))]


@pytest.mark.parametrize("refusal", [REFUSED, TOO_LARGE])
def test_the_fifth_refusal_in_a_row_stops_its_group(refusal: Failed) -> None:
    """Not before, and once: five more are needed for another."""
    breaker = Breaker()

    assert trips(breaker, *repeat(("gmail", refusal), 4)) == []
    assert trips(breaker, ("gmail", refusal)) == [Trip(1, "gmail", refusal.stage, refusal.reply)]
    assert trips(breaker, *repeat(("gmail", refusal), 4)) == []


@pytest.mark.parametrize("between", [NO_MAILBOX, LATER, BUSY, UNCERTAIN, HUNG_UP])
def test_what_says_nothing_about_us_neither_counts_nor_clears(between: Outcome) -> None:
    """A reader without a mailbox, a put-off or a lost connection in between changes nothing."""
    met: Met = [("gmail", REFUSED), ("gmail", between)] * 4

    breaker = Breaker()

    assert trips(breaker, *met) == []
    assert len(trips(breaker, ("gmail", REFUSED))) == 1


@pytest.mark.parametrize(
    "outcome",
    [
        ACCEPTED,
        NO_MAILBOX,
        NO_SMTPUTF8,
        NO_SMTPUTF8_AT_MAIL,
        LATER,
        BUSY,
        HUNG_UP,
        TOO_FAST,
        UNCERTAIN,
    ],
)
def test_what_is_not_about_us_never_trips(outcome: Outcome) -> None:
    """A hundred of them: the relay is down, readers are gone or need another server, or all is well."""
    assert trips(Breaker(), *repeat(("gmail", outcome), 100)) == []


def test_an_accepted_copy_of_the_group_clears_its_count() -> None:
    """One of another group does not."""
    cleared: Met = [*repeat(("gmail", REFUSED), 4), ("gmail", ACCEPTED), *repeat(("gmail", REFUSED), 4)]
    kept: Met = [*repeat(("gmail", REFUSED), 4), ("mail.ru", ACCEPTED), ("gmail", REFUSED)]

    assert trips(Breaker(), *cleared) == []
    assert len(trips(Breaker(), *kept)) == 1


@pytest.mark.parametrize("refusal", [BAD_SENDER, LOGIN, Failed(Stage.MAIL, "552 5.3.4", Blame.SENDER)])
def test_refused_before_any_reader_is_named_stops_the_issue(refusal: Outcome) -> None:
    """Whichever groups the copies were for."""
    met = [(group, refusal) for group in ("gmail", "mail.ru", "gmail", "other", "wp")]

    assert trips(Breaker(), *met) == [Trip(1, None, refusal.stage, refusal.reply)]


def test_whoever_gets_past_mail_is_let_in() -> None:
    """An answer to RCPT, even a refusal, clears what connect, login and MAIL have counted."""
    met: Met = [*repeat(("gmail", LOGIN), 4), ("gmail", NO_MAILBOX), *repeat(("gmail", LOGIN), 4)]

    assert trips(Breaker(), *met) == []


def test_each_issue_counts_for_itself() -> None:
    """Four refusals of one and four of another stop neither."""
    breaker = Breaker()

    assert trips(breaker, *repeat(("gmail", REFUSED), 4), issue=1) == []
    assert trips(breaker, *repeat(("gmail", REFUSED), 4), issue=2) == []


@pytest.mark.parametrize(
    ("stopped", "group"),
    [((), "gmail"), (("gmail",), "gmail"), (("mail.ru",), None), (("gmail", "wp"), None)],
)
def test_a_second_group_stops_the_issue(stopped: tuple[str, ...], group: str | None) -> None:
    """The same group once more does not."""
    assert widened(Trip(1, "gmail", Stage.DOT, "550"), stopped).group == group


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["gmail", "mail.ru"]),
            st.sampled_from([ACCEPTED, REFUSED, NO_MAILBOX, LATER, UNCERTAIN]),
        ),
        max_size=80,
    )
)
def test_a_group_trips_exactly_at_each_fifth_since_the_last_accepted(met: list[tuple[str, Outcome]]) -> None:
    """Counted once more by hand."""
    breaker, counts = Breaker(), {"gmail": 0, "mail.ru": 0}
    for group, outcome in met:
        counts[group] = 0 if outcome is ACCEPTED else counts[group] + (outcome is REFUSED)
        trip = breaker.heard(1, group, outcome)
        expected = outcome is REFUSED and counts[group] % MOST_IN_A_ROW == 0
        assert (trip is not None) == expected
