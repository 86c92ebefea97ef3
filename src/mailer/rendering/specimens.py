"""Mails to try templates out on: every kind in every language, once with everything in it, once bare.

What is optional is filled in one and empty in another, so that no branch of a template is first
taken on the morning of a release.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mailer.domain.commentary import Text, TextState
from mailer.domain.content import Block, EditionContent, Imprint, LetterContent, LetterKind, Proof
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import week
from mailer.domain.theme import TrendColours
from mailer.domain.trend import Trend
from mailer.rendering import holes

_LINKS: Final = Links("https://news.example.org")
_PERIOD: Final = week(2026, 47)
_LOGO: Final = "0123456789abcdef-560x120.png"
_PICTURE: Final = "0123456789abcdef-1120x630.jpg"
_BODY: Final = f"""\
A paragraph with **strong**, *quiet* and [linked](https://example.org/) words.

## A heading

- one
- two

> A quotation.

| a | b |
|---|---|
| 1 | 2 |

![A picture](media:{_PICTURE} "Its caption")
"""


def specimens(newsletter: Newsletter) -> list[EditionContent | LetterContent]:
    """Return the mails that *newsletter*'s templates must be able to make."""
    found: list[EditionContent | LetterContent] = []
    for language in newsletter.languages:
        imprint = Imprint(
            theme=replace(newsletter.theme, logo=_LOGO, trend_colours=TrendColours.SIGNAL),
            logo_url=_LINKS.picture(_LOGO),
            footer=newsletter.footer.get(language) or "Published by [the editors](https://example.org/).",
            address_line=newsletter.address_line.get(language) or "1 Example Street",
        )
        bare = Imprint(theme=replace(newsletter.theme, logo="", trend_colours=TrendColours.NEUTRAL))
        found += _editions(newsletter, language, imprint, bare)
        found += _letters(newsletter, language, imprint, bare)
    return found


def _editions(
    newsletter: Newsletter, language: Language, imprint: Imprint, bare: Imprint
) -> list[EditionContent]:
    title = newsletter.title[language]
    empty = EditionContent(
        language=language,
        title=title,
        heading=title,
        period=_PERIOD,
        subject="",
        preheader="",
        opening_note="",
        blocks=(),
        web_url=_LINKS.issue(language, newsletter.slug, _PERIOD.key),
        subscribe_url=_LINKS.home(language),
        unsubscribe_url=_LINKS.unsubscribe(holes.TOKEN),
        imprint=bare,
    )
    short = replace(empty, blocks=(_block(language, None), _block(_other(language), None)))
    full = replace(
        empty,
        heading=f"{title}: an overview",
        subject="A subject",
        preheader="A preheader",
        opening_note="An *opening* note.",
        blocks=(
            _block(language, Trend.IMPROVED, full=True),
            _block(_other(language), Trend.UNCHANGED, full=True),
            _block(language, Trend.WORSENED, full=True),
        ),
        closing_notices="A *closing* notice.",
        media_url=_LINKS.media,
        manage_url=_LINKS.settings(language),
        imprint=imprint,
    )
    proof = replace(short, proof=Proof(("The trend of “one” is missing.",)), imprint=imprint)
    return [empty, short, full, proof, replace(full, proof=Proof())]


def _block(language: Language, trend: Trend | None, *, full: bool = False) -> Block:
    text = Text(language, TextState.READY, headline="A headline", body="A body.")
    if full:
        text = replace(text, lead="A lead.", author="An author", body=_BODY)
    # A topic has one block: these only look like three.
    return Block(f"{language}-{trend or 'open'}", "A topic", trend, text)


def _other(language: Language) -> Language:
    return next(other for other in Language if other != language)


def _letters(
    newsletter: Newsletter, language: Language, imprint: Imprint, bare: Imprint
) -> list[LetterContent]:
    return [
        LetterContent(
            kind=kind,
            language=language,
            title=newsletter.title[language],
            description=description,
            action_url=_action(kind, language),
            home_url=_LINKS.home(language),
            manage_url=_LINKS.settings(language),
            imprint=look,
        )
        for kind in LetterKind
        for description, look in (("What it is.", imprint), ("", bare))
    ]


def _action(kind: LetterKind, language: Language) -> str:
    """Return where a Letter's one link leads, as in earnest (delivery/letterpress.py)."""
    match kind:
        case LetterKind.CONFIRM | LetterKind.INVITE:
            return _LINKS.confirm(language, holes.SECRET)
        case LetterKind.MANAGE:
            return _LINKS.manage(language, holes.SECRET)
        case LetterKind.MOVE_IN | LetterKind.MOVE_OUT:
            return _LINKS.move(language, holes.SECRET)
        case LetterKind.WELCOME | LetterKind.ALREADY:
            return _LINKS.unsubscribe(holes.TOKEN)
        case LetterKind.GOODBYE:
            return _LINKS.way_back(language, holes.SECRET)
        case LetterKind.FORWARD:
            return _LINKS.returned_mail
