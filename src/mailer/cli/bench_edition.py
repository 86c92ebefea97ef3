"""The issue that a measurement sends: one commentary, as long as it takes for a message of a given size.

It is rendered from plain templates, because the product's own come to more than the smallest message
that is asked for; headers, holes, encodings and all that follows are those of every issue. The text is
Belarusian, so that both parts travel as base64 and the reader's token is put in as such.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mailer.delivery.letterpress import letterhead
from mailer.domain.commentary import Commentary, Text, TextState
from mailer.domain.content import Block, EditionContent, RenderedMail
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.newsletter import Newsletter, Topic
from mailer.domain.period import Period
from mailer.domain.token import LINK_CHARS
from mailer.errors import UsageError
from mailer.rendering import holes
from mailer.rendering.apart import render_apart
from mailer.rendering.letterhead import edition_skeleton
from mailer.rendering.skeleton import Hole, Skeleton

LANGUAGE = Language.BELARUSIAN
NEWSLETTER = Newsletter(
    slug="weekly",
    languages=(LANGUAGE,),
    zone="UTC",
    sender="weekly@example.org",
    title={LANGUAGE: "Тыдзень"},
    topics=(Topic("week", 1, {LANGUAGE: "Тыдзень"}),),
)
LINKS = Links("https://example.org")

_TEMPLATES = {
    "subject.txt": "{{ content.heading }}",
    "body.txt": """\
{% for block in content.blocks %}{{ block.text.body }}{% endfor %}

{{ content.unsubscribe_url }}
{{ content.preheader }}
""",
    "body.html": """\
<!doctype html>
<html><body>
<!-- content --><p>{% for block in content.blocks %}{{ block.text.body }}{% endfor %}</p><!-- /content -->
<p>
<a href="{{ content.unsubscribe_url }}">–</a> {{ content.preheader }}</p>
</body></html>
""",
}
_SENTENCE = "Сітуацыя на гэтым тыдні істотна не змянілася.\n"
_BODY_MARK, _TAIL_MARK = "BODY-OF-THE-COMMENTARY", "TAIL-OF-THE-MAIL"
# Holes in base64 are set on a boundary by blanks before them, so that the size goes up in steps of some
# hundred bytes with the text before the hole; what stands behind the hole fills the step.
_LONGEST_TAIL = 200
_MOST_BYTES = 10_000_000
_USUAL = {Hole.TO: b"reader500000@example.org", Hole.MESSAGE_ID: b"m" * 24, Hole.TOKEN: b"t" * LINK_CHARS}


@dataclass(frozen=True, slots=True)
class Filler:
    """What an issue says so that its messages have the size that was asked for.

    Attributes:
        body: of the one commentary.
        tail: what stands below the reader's link.
        message: a usual reader's, as it goes over the wire but for the dot that ends it.
    """

    body: str
    tail: str
    message: bytes

    def commentary(self, period: Period) -> Commentary:
        """Return the one commentary of *period*."""
        text = Text(LANGUAGE, TextState.READY, headline="Тыдзень", body=self.body)
        return Commentary("week", period, texts={LANGUAGE: text})

    @property
    def words(self) -> dict[Language, dict[str, str]]:
        """What an editor says about the issue."""
        return {LANGUAGE: {"preheader": self.tail}}


def write_templates(folder: Path) -> None:
    """Write the templates into *folder*, which is made."""
    (folder / "edition").mkdir(parents=True)
    for name, text in _TEMPLATES.items():
        (folder / "edition" / name).write_text(text, "utf-8")


def usual_message(skeleton: Skeleton) -> bytes:
    """Return a usual reader's message, without the dot that ends it."""
    return skeleton.fill(_USUAL)


def fill_up(size: int, templates: Path, period: Period, date: datetime) -> Filler:
    """Find the text that makes a message of *size* bytes.

    Args:
        size: wanted, in bytes on the wire; a signature comes on top.
        templates: written by *write_templates*.
        period: what the issue reports on.
        date: of the message.

    Raises:
        UsageError: even an issue without a word is larger.
    """
    blank = _rendered(templates, period)

    def message(body: int, tail: int) -> bytes:
        return usual_message(_skeleton(blank, (_text(body), _text(tail)), period, date))

    smallest = len(message(0, 0))
    if not smallest <= size <= _MOST_BYTES:
        raise UsageError(f"--size: a message has {smallest} to {_MOST_BYTES} bytes; write a number between")
    body = bisect_right(range(size), size, key=lambda length: len(message(length, 0))) - 1
    tail = bisect_right(range(_LONGEST_TAIL), size, key=lambda length: len(message(body, length))) - 1
    return Filler(_text(body), _text(tail), message(body, tail))


def _text(length: int) -> str:
    return (_SENTENCE * (length // len(_SENTENCE) + 1))[:length].strip()


def _rendered(templates: Path, period: Period) -> RenderedMail:
    text = Text(LANGUAGE, TextState.READY, headline="", body=_BODY_MARK)
    content = EditionContent(
        language=LANGUAGE,
        title=NEWSLETTER.title[LANGUAGE],
        heading=NEWSLETTER.heading(LANGUAGE),
        period=period,
        subject="",
        preheader=_TAIL_MARK,
        opening_note="",
        blocks=(Block("week", "", None, text),),
        web_url="",
        subscribe_url="",
        unsubscribe_url=LINKS.unsubscribe(holes.TOKEN),
    )
    return render_apart([content], folder=templates)[0]


def _skeleton(blank: RenderedMail, words: tuple[str, str], period: Period, date: datetime) -> Skeleton:
    body, tail = words

    def filled(part: str) -> str:
        return part.replace(_BODY_MARK, body).replace(_TAIL_MARK, tail)

    mail = replace(blank, html=filled(blank.html), text=filled(blank.text))
    head = letterhead(NEWSLETTER, LANGUAGE, LINKS)
    return edition_skeleton(mail, head, issue_key=period.key, date=date)
