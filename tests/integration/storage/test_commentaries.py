"""Commentaries come back as they were stored, text by text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailer.domain.commentary import Commentary, Text, TextState
from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.trend import Trend
from mailer.storage import commentaries, newsletters
from tests.integration.storage.scene import BE, EN, NOW, PERIOD, RU, SLUG, Store, weekly


def text(language: Language, body: str = "Тэкст з ’апострафам і ў") -> Text:
    return Text(language, TextState.READY, "Загаловак", body, "Лід", "Аўтар", f"w47/west.{language}.md")


WEST = Commentary(
    "west",
    PERIOD,
    Trend.WORSENED,
    {BE: text(BE), RU: replace(text(RU), state=TextState.DRAFT)},
    {EN: MissingRule(BE), RU: MissingRule(None)},
    NOW,
)
BARE = Commentary("russia", PERIOD)


@pytest.fixture(autouse=True)
def newsletter(store: Store) -> None:
    """The newsletter they belong to."""
    store.write(lambda tx: newsletters.save(tx, weekly()))


def save(store: Store, commentary: Commentary) -> list[Language]:
    return store.write(lambda tx: commentaries.save(tx, SLUG, commentary))


def find(store: Store, topic: str = "west") -> Commentary | None:
    return store.read(lambda tx: commentaries.find(tx, SLUG, topic, PERIOD))


@pytest.mark.parametrize("commentary", [WEST, BARE], ids=["whole", "bare"])
def test_a_commentary_comes_back_as_it_was_stored(store: Store, commentary: Commentary) -> None:
    """Every field of it and of its texts."""
    changed = save(store, commentary)

    assert changed == list(commentary.texts)
    assert find(store, commentary.topic) == commentary


def test_saving_again_changes_nothing(store: Store) -> None:
    """The same words are no change, also when they come from another folder."""
    save(store, WEST)
    before = store.contents()

    assert save(store, WEST) == []
    assert store.contents() == before
    assert save(store, replace(WEST, texts={BE: replace(text(BE), source="elsewhere.md")})) == []


def test_only_what_changed_is_changed(store: Store) -> None:
    """A text is replaced, another added; the third stays as it was."""
    save(store, WEST)

    changed = save(store, replace(WEST, texts={BE: text(BE, "Новы"), EN: text(EN)}, trend=None))

    assert changed == [BE, EN]
    stored = find(store)
    assert stored is not None
    assert stored == replace(WEST, trend=None, texts=WEST.texts | {BE: text(BE, "Новы"), EN: text(EN)})  # type: ignore[operator]


def test_a_period_is_listed_in_the_order_of_topics(store: Store) -> None:
    """Not in that of arrival, and without other weeks or newsletters."""
    save(store, replace(BARE, period=PERIOD.previous))
    save(store, BARE)
    save(store, WEST)
    store.write(lambda tx: newsletters.save(tx, weekly("other")))
    store.write(lambda tx: commentaries.save(tx, "other", BARE))

    assert store.read(lambda tx: commentaries.of_period(tx, SLUG, PERIOD)) == [WEST, BARE]


def test_what_is_not_stored_is_none(store: Store) -> None:
    """Of a known topic in another week too."""
    save(store, WEST)

    assert find(store, "russia") is None
    assert store.read(lambda tx: commentaries.find(tx, SLUG, "west", PERIOD.previous)) is None
