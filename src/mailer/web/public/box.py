"""The subscribe box: what it offers, and what a visitor sent with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl

from mailer.audience.address import NotAnAddress, parse_address
from mailer.audience.signup import SignUpForm
from mailer.domain.language import Language
from mailer.domain.missing import LEAVE_OUT, MissingRule
from mailer.domain.newsletter import Newsletter

_MOST_FIELDS: Final = 20
_MOST_KEPT_CHARS: Final = 254


class Mistake(StrEnum):
    """What is wrong with a sign-up; the template has the sentence."""

    ADDRESS = "address"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Box:
    """The box of one newsletter as a page shows it.

    Attributes:
        newsletter: slug.
        languages: to choose from.
        language: "Mail me in", preset.
        address: as typed before; empty at first.
        missing: "If a text isn't translated"; empty did not choose.
        mistake: None unless the visitor has to mend something.
    """

    newsletter: str
    languages: tuple[Language, ...]
    language: Language
    address: str = ""
    missing: str = ""
    mistake: Mistake | None = None


class Refused(ValueError):  # noqa: N818 - reads as what it is where it is caught
    """A sign-up that can't be taken.

    Attributes:
        box: to be shown again.
    """

    def __init__(self, box: Box) -> None:
        super().__init__("a sign-up that can't be taken")
        self.box = box


def empty_box(newsletter: Newsletter, language: Language) -> Box:
    """Return a box that nobody has typed into."""
    return Box(newsletter.slug, newsletter.languages, language)


def read_fields(body: bytes) -> dict[str, str]:
    """Read a form (application/x-www-form-urlencoded); whatever else it is has no field."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        return {}
    return dict(pairs)


def read_sign_up(fields: Mapping[str, str], known: Sequence[Newsletter], language: Language) -> SignUpForm:
    """Return what a visitor asks for.

    Args:
        fields: of the form.
        known: newsletters that can be subscribed to on this page; at least one.
        language: of the page.

    Raises:
        Refused: with the box to show again.
    """
    named = {newsletter.slug: newsletter for newsletter in known}.get(fields.get("newsletter", ""))
    newsletter = named or known[0]
    chosen = _language(fields.get("language", language), newsletter)
    missing = fields.get("missing", "")
    offered = {"", LEAVE_OUT, *newsletter.languages}
    if named is None or chosen is None or missing not in offered:
        raise Refused(_again(newsletter, fields, chosen or language, Mistake.CHOICE))
    try:
        parse_address(fields.get("address", ""))
    except NotAnAddress:
        raise Refused(_again(newsletter, fields, chosen, Mistake.ADDRESS)) from None
    return SignUpForm(fields["address"], (newsletter.slug,), chosen, _rule(missing, chosen))


def _language(text: str, newsletter: Newsletter) -> Language | None:
    return next((language for language in newsletter.languages if language == text), None)


def _rule(missing: str, language: Language) -> MissingRule | None:
    """Return the reader's rule; to take a Russian text in Russian where it is missing is no choice."""
    if missing in ("", language):
        return None
    return MissingRule(None if missing == LEAVE_OUT else Language(missing))


def _again(newsletter: Newsletter, fields: Mapping[str, str], language: Language, mistake: Mistake) -> Box:
    typed = "".join(letter for letter in fields.get("address", "") if letter.isprintable())
    missing = fields.get("missing", "")
    return Box(
        newsletter.slug,
        newsletter.languages,
        language,
        address=typed[:_MOST_KEPT_CHARS],
        missing=missing if missing in {LEAVE_OUT, *newsletter.languages} else "",
        mistake=mistake,
    )
