"""The subscribe box: what it offers, and what a visitor sent with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from mailer.audience.address import NotAnAddress, parse_address
from mailer.audience.signup import SignUpForm
from mailer.domain.language import Language
from mailer.domain.missing import LEAVE_OUT, MissingRule
from mailer.domain.newsletter import Newsletter

_MOST_KEPT_CHARS: Final = 254


class Mistake(StrEnum):
    """What is wrong with a sign-up; the template has the sentence."""

    ADDRESS = "address"
    NEWSLETTER = "newsletter"
    """None was ticked."""
    CHOICE = "choice"
    LANGUAGE = "language"
    """One that not every newsletter asked for is published in."""


@dataclass(frozen=True, slots=True)
class Box:
    """The box as a page shows it.

    Attributes:
        newsletters: to choose from, at least one; all are published in the language of the page.
        chosen: slugs of those that are ticked; where there is only one, nobody is asked.
        language: "Mail me in", preset.
        address: as typed before; empty at first.
        missing: "If a text isn't translated"; empty did not choose.
        mistake: None unless the visitor has to mend something.
    """

    newsletters: tuple[Newsletter, ...]
    chosen: frozenset[str]
    language: Language
    address: str = ""
    missing: str = ""
    mistake: Mistake | None = None

    @property
    def languages(self) -> tuple[Language, ...]:
        """Those of any newsletter here: without a script the box can't follow what is ticked."""
        return tuple(
            language for language in Language if any(language in each.languages for each in self.newsletters)
        )

    @property
    def lacking(self) -> tuple[tuple[Newsletter, Language], ...]:
        """The newsletters asked for that are not published in a language asked for, with that language.

        A language for what isn't translated may be missing in some of them, but not in all.
        """
        asked = [newsletter for newsletter in self.newsletters if newsletter.slug in self.chosen]
        lacks_own = [(each, self.language) for each in asked if self.language not in each.languages]
        if self.missing in ("", LEAVE_OUT) or any(self.missing in each.languages for each in asked):
            return tuple(lacks_own)
        return (*lacks_own, *((each, Language(self.missing)) for each in asked))


class Refused(ValueError):  # noqa: N818 - reads as what it is where it is caught
    """A sign-up that can't be taken.

    Attributes:
        box: to be shown again.
    """

    def __init__(self, box: Box) -> None:
        super().__init__("a sign-up that can't be taken")
        self.box = box


def offered_in(language: Language, known: Sequence[Newsletter]) -> list[Newsletter]:
    """Return the newsletters that a page in *language* offers."""
    return [newsletter for newsletter in known if language in newsletter.languages]


def empty_box(known: Sequence[Newsletter], language: Language, *ticked: str) -> Box | None:
    """
    Return a box that nobody has typed into, or None where nothing is published in *language*.

    Args:
        known: newsletters, those of other languages too.
        language: of the page.
        ticked: slug of the newsletter that the page is about; a page about none ticks none, because who
            subscribes to what is the reader's choice.
    """
    offered = offered_in(language, known)
    return Box(tuple(offered), frozenset(ticked), language) if offered else None


def read_sign_up(fields: Mapping[str, str], known: Sequence[Newsletter], language: Language) -> SignUpForm:
    """Return what a visitor asks for.

    Args:
        fields: of the form; “newsletter” holds slugs with a space between.
        known: newsletters that can be subscribed to on this page; at least one.
        language: of the page.

    Raises:
        Refused: with the box to show again.
    """
    box = filled_box(fields, known, language)
    asked = _asked(fields, known)
    offered_missing = {"", LEAVE_OUT, *box.languages}
    if (
        not box.chosen.issuperset(asked)
        or fields.get("language", language) != box.language
        or fields.get("missing", "") not in offered_missing
    ):
        raise Refused(replace(box, mistake=Mistake.CHOICE))
    if not asked:
        raise Refused(replace(box, mistake=Mistake.NEWSLETTER))
    if box.lacking:
        raise Refused(replace(box, mistake=Mistake.LANGUAGE))
    try:
        parse_address(fields.get("address", ""))
    except NotAnAddress:
        raise Refused(replace(box, mistake=Mistake.ADDRESS)) from None
    return SignUpForm(fields["address"], asked, box.language, _rule(box.missing, box.language))


def filled_box(fields: Mapping[str, str], known: Sequence[Newsletter], language: Language) -> Box:
    """Return the box with what *fields* hold, as far as it can be chosen there.

    Args:
        fields: as read_sign_up takes them.
        known: newsletters that can be subscribed to on this page; at least one.
        language: of the page.
    """
    box = Box(tuple(known), frozenset(), language)
    typed = "".join(letter for letter in fields.get("address", "") if letter.isprintable())
    missing = fields.get("missing", "")
    return Box(
        box.newsletters,
        chosen=_slugs(known).intersection(_asked(fields, known)),
        language=next((each for each in box.languages if each == fields.get("language")), language),
        address=typed[:_MOST_KEPT_CHARS],
        missing=missing if missing in {LEAVE_OUT, *box.languages} else "",
    )


def _asked(fields: Mapping[str, str], known: Sequence[Newsletter]) -> tuple[str, ...]:
    """Return the slugs asked for, each once; where only one can be, nobody has to say which."""
    if len(known) == 1 and "newsletter" not in fields:
        return (known[0].slug,)
    return tuple(dict.fromkeys(fields.get("newsletter", "").split()))


def _slugs(newsletters: Collection[Newsletter]) -> frozenset[str]:
    return frozenset(newsletter.slug for newsletter in newsletters)


def _rule(missing: str, language: Language) -> MissingRule | None:
    """Return the reader's rule; to take a Russian text in Russian where it is missing is no choice."""
    if missing in ("", language):
        return None
    return MissingRule(None if missing == LEAVE_OUT else Language(missing))
