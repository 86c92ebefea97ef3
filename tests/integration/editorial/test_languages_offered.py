"""What happens to readers whose language a newsletter does not, or no longer, offer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailer.domain.language import Language
from mailer.domain.period import week
from mailer.domain.plan import arrange
from mailer.editorial.contents import plans
from mailer.editorial.importing import import_newsletter
from mailer.errors import UsageError
from mailer.storage import newsletters
from tests.integration.storage.scene import SLUG, Store, add_reader, weekly


def test_a_language_that_readers_get_is_not_taken_away(store: Store) -> None:
    """Without its language their issue would be another one: the import says so and changes nothing."""
    newsletter = weekly()
    store.write(lambda tx: newsletters.save(tx, newsletter))
    store.write(lambda tx: add_reader(tx, 1, language=Language.BELARUSIAN))
    others = tuple(each for each in newsletter.languages if each is not Language.BELARUSIAN)

    with pytest.raises(UsageError, match="leaves out “be”, which 1 confirmed reader gets; keep it"):
        store.run(import_newsletter(store.database, replace(newsletter, languages=others)))

    assert store.read(lambda tx: newsletters.find(tx, SLUG)) == newsletter


def test_every_reader_has_a_plan_whatever_the_newsletter_offers() -> None:
    """A language chosen for another newsletter falls back to the first of this one."""
    newsletter = replace(weekly(), languages=(Language.ENGLISH,))
    grid, _ = arrange(newsletter, week(2026, 47), [])

    found = plans(grid)

    assert {language for language, _ in found} == set(Language)
    assert {plan.language for plan in found.values()} == {Language.ENGLISH}
