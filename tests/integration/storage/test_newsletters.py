"""Newsletters and topics come back as they were stored, and an import that changes nothing says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pytest

from mailer.domain.commentary import Commentary
from mailer.domain.missing import MissingRule
from mailer.domain.newsletter import ReleaseRule, Schedule, Topic, UnknownPolicy
from mailer.errors import MailerError, NotFound, UsageError
from mailer.storage import commentaries, newsletters
from tests.integration.storage.scene import BE, EN, PERIOD, RU, SLUG, Store, weekly

WHOLE = weekly(
    languages=(RU, BE),
    zone="Europe/Vilnius",
    overview_title={BE: "Становішча"},
    description={RU: "Что важно"},
    sender_name={BE: "Рэдакцыя"},
    reply_to={RU: "answers@example.org"},
    missing={BE: MissingRule(RU), EN: MissingRule(None)},
    schedule=Schedule("Sun 20:00", "Mon 08:00", "Wed 10:00"),
    release_rule=ReleaseRule.AUTOMATIC,
    unknown_policy=UnknownPolicy.HOLD,
    topics=(
        Topic("west", 2, {BE: "Захад"}, date(2026, 1, 5), date(2026, 12, 31), required=True),
        Topic("russia", 5, {BE: "Расія", RU: "Россия"}),
    ),
)


def test_a_newsletter_comes_back_as_it_was_stored(store: Store) -> None:
    """Every field, languages in their order, topics by position."""
    store.write(lambda tx: newsletters.save(tx, WHOLE))

    assert store.read(lambda tx: newsletters.find(tx, SLUG)) == WHOLE


def test_saving_again_changes_nothing(store: Store) -> None:
    """The first and the changed one count, the same one does not; numbers stay."""
    changed = replace(WHOLE, zone="Europe/Warsaw")
    said, numbers = [], []

    for newsletter in (WHOLE, WHOLE, changed, changed):
        said.append(store.write(partial(newsletters.save, newsletter=newsletter)))
        numbers.append((store.rows("newsletter")[0]["id"], *(row["id"] for row in store.rows("topic"))))

    assert said == [True, False, True, False]
    assert len(set(numbers)) == 1


def test_topics_are_added_changed_and_removed(store: Store) -> None:
    """A topic that nothing is written about can go."""
    west, russia = WHOLE.topics
    after = replace(WHOLE, topics=(replace(russia, position=1), Topic("society", 3, {BE: "Грамадства"})))
    store.write(lambda tx: newsletters.save(tx, replace(WHOLE, topics=(west, russia))))

    store.write(lambda tx: newsletters.save(tx, after))

    assert store.read(lambda tx: newsletters.find(tx, SLUG)) == after


def test_a_topic_with_commentaries_stays(store: Store) -> None:
    """Dropping it would drop what was published; nothing of the import is stored."""
    store.write(lambda tx: newsletters.save(tx, WHOLE))
    store.write(lambda tx: commentaries.save(tx, SLUG, Commentary("west", PERIOD)))

    with pytest.raises(
        UsageError, match=r"topic “west” has commentaries .* keep it and write “active_until”"
    ):
        store.write(lambda tx: newsletters.save(tx, replace(WHOLE, zone="UTC", topics=WHOLE.topics[1:])))

    assert store.read(lambda tx: newsletters.find(tx, SLUG)) == WHOLE


@pytest.mark.parametrize(
    ("known", "slug", "found"),
    [
        (["weekly"], None, "weekly"),
        (["weekly", "daily"], "daily", "daily"),
        ([], None, NotFound("there is no newsletter yet; run “mailer newsletter import newsletter.toml”")),
        (
            ["weekly", "daily"],
            None,
            UsageError("there are several newsletters; add --newsletter with one of daily, weekly"),
        ),
        (
            ["weekly"],
            "weekli",
            NotFound("there is no newsletter “weekli” (did you mean “weekly”?); known: weekly"),
        ),
        ([], "any", NotFound("there is no newsletter “any”; known: none yet")),
    ],
)
def test_which_newsletter_is_meant(
    store: Store, known: list[str], slug: str | None, found: str | MailerError
) -> None:
    """The only one needs no name; otherwise the sentence says what to write."""
    store.write(lambda tx: [newsletters.save(tx, weekly(name)) for name in known])

    met: Any
    try:
        met = store.read(lambda tx: newsletters.pick(tx, slug)).slug
    except MailerError as error:
        met = (type(error), str(error))

    assert met == (found if isinstance(found, str) else (type(found), str(found)))


def test_numbers_in_tokens_lead_back(store: Store) -> None:
    """A Letter's token names the newsletter by its number."""
    store.write(lambda tx: newsletters.save(tx, weekly()))

    number = store.read(lambda tx: newsletters.identifier(tx, SLUG))

    assert store.read(lambda tx: newsletters.slug_of(tx, number)) == SLUG
    assert store.read(lambda tx: newsletters.slug_of(tx, number + 1)) is None
    with pytest.raises(NotFound):
        store.read(lambda tx: newsletters.identifier(tx, "other"))
