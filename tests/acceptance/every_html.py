"""The HTML of every mail, and of issues laden with what the sample does not show, for examiners of HTML.

Laden: a logo, notes before and after, pictures, a wide table, footnotes, quotes in quotes, a text of another
language, a headline that is one long word, and the findings of a proof copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from mailer.domain.commentary import Text, TextState
from mailer.domain.content import Block, EditionContent, Imprint, Proof
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.period import week
from mailer.domain.theme import Theme
from mailer.domain.trend import Trend
from mailer.rendering import holes
from mailer.rendering.edition import render_edition
from tests.acceptance.every_mail import every_mail

MEDIA = "https://news.example.org/media"
"""Where the pictures of the laden issues lie."""

_LINKS = Links("https://news.example.org")
_WEEK = week(2026, 47)
_LOGO = "0123456789abcdef-560x120.png"
_LENT = {
    Language.BELARUSIAN: Language.RUSSIAN,
    Language.RUSSIAN: Language.ENGLISH,
    Language.ENGLISH: Language.BELARUSIAN,
}
_LONG = "Непрацаздольнасцьгаспадарчаезабеспячэннекіраўніцтва" * 2
_BODY = f"""\
Words that are **strong**, *quiet*, `typed`, [linked](https://example.org/), with a note[^one] or two[^two].

## A heading

### A smaller one

1. first
   - inside it
     - and inside that
2. second

> A quotation
>
> > in which another is quoted.

| Month | Exports, million | Imports, million | Balance, million | Change against the year before |
|:------|-----------------:|-----------------:|-----------------:|:------------------------------:|
| October | 1,204 | 1,377 | −173 | fourteen of a hundred |
| November | 1,188 | 1,402 | −214 | twenty-three of a hundred |

![A queue of lorries at a border](media:0123456789abcdef-1120x630.jpg "The border on Friday")

    a line that was typed as it is, and that is much longer than any narrow screen could ever show at once

https://example.org/{"a-very-long-address/" * 8}

---

{_LONG}

[^one]: The first note, with a [link](https://example.org/one).
[^two]: The second note.
"""


@cache
def every_html() -> Mapping[str, str]:
    """Return each mail’s HTML by its name, as ``confirm-ru``, then the laden issues, as ``laden-be``."""
    mails = {mail.name: mail.html for mail in every_mail() if mail.html}
    laden = {f"laden-{language}": render_edition(_content(language)).html for language in Language}
    return MappingProxyType(mails | laden)


def _content(language: Language) -> EditionContent:
    return EditionContent(
        language=language,
        title="Belarus Weekly",
        heading="Situation in Belarus",
        period=_WEEK,
        subject="",
        preheader="What a mailbox shows beside the subject",
        opening_note="Dear readers, this issue comes *two days late*: [here is why](https://example.org/why).",
        blocks=(
            _block("first", Trend.IMPROVED, language),
            _block("second", Trend.UNCHANGED, _LENT[language]),
            _block("third", Trend.WORSENED, language),
            _block("fourth", None, language),
        ),
        web_url=_LINKS.issue(language, "belarus-weekly", _WEEK.key),
        subscribe_url=_LINKS.home(language),
        unsubscribe_url=_LINKS.unsubscribe(holes.TOKEN),
        closing_notices="- [A talk on Thursday](https://example.org/talk)\n- We are looking for an editor.",
        media_url=MEDIA,
        imprint=Imprint(
            theme=Theme(logo=_LOGO),
            logo_url=f"{MEDIA}/{_LOGO}",
            footer="Published by [the editors](https://example.org/).",
            address_line="1 Example Street, 00-000 Example",
        ),
        proof=Proof(findings=("West has no ready text in be.", "A link leads nowhere: #west.")),
    )


def _block(topic: str, trend: Trend | None, language: Language) -> Block:
    return Block(
        topic=topic,
        topic_title="Society",
        trend=trend,
        text=Text(language, TextState.READY, _LONG, _BODY, lead="One sentence.", author="The editors"),
    )
