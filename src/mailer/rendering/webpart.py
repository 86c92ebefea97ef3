"""The part of an edition that its public page shows: what was sent is what the page says.

A page is not rendered again from stored texts, which may have changed since. It shows the frozen HTML
of the mail between two comments that the mail's template puts around the commentaries, without the
mail's own styles, and without the furniture that holds a reader's link.
"""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass
from functools import lru_cache

import nh3
from markupsafe import Markup

from mailer.errors import RenderingError
from mailer.rendering import holes, pictures

BEGIN = "<!-- content -->"
END = "<!-- /content -->"

_PART = re.compile(re.escape(BEGIN) + "(.*)" + re.escape(END), re.DOTALL)
_HEADLINE = re.compile(r'<div\b[^>]*\blang="(\w+)"[^>]*>\s*<h2\b[^>]*>(.*?)</h2>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_TAGS = {
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "div", "span", "em", "strong", "code", "pre",
    "blockquote", "a", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "img", "sup", "sub",
}  # fmt: skip
_ATTRIBUTES = {
    # Ids come from our templates and from the notes of a text; an author can write none.
    "*": {"id", "lang"},
    "a": {"href", "title", "aria-label"},
    "div": {"class"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "p": {"class"},
    "span": {"class", "aria-hidden"},
    "table": {"class", "role"},
    "td": {"class"},
    "th": {"class", "scope"},
}
# The mail knew where our pictures lie (rendering/markdown.py); here their form must do.
_MEDIA = re.compile(r"https?://[^\s?#]+/media")
_SCHEMES = {"http", "https", "mailto"}


@dataclass(frozen=True, slots=True)
class Headline:
    """A commentary's headline and the language it is written in."""

    lang: str
    words: str


def check_marks(template: str, html: str) -> None:
    """Refuse an edition that no page could show.

    Raises:
        RenderingError: the two comments do not stand once each, with no reader's link between them.
    """
    if html.count(BEGIN) != 1 or html.count(END) != 1 or not _PART.search(html):
        raise RenderingError(
            f"{template} must have {BEGIN} before the commentaries and {END} after them, once"
        )
    if holes.TOKEN in _between(html):
        raise RenderingError(
            f"{template} shows the reader's own link between {BEGIN} and {END}: "
            "move it below them, for that part is public"
        )


@lru_cache(maxsize=16)
def web_part(html: str) -> Markup:
    """Return the public part of an edition as safe HTML for the inside of a page, without styles.

    Raises:
        RenderingError: the edition has no such part, or it holds a reader's link.
    """
    check_marks("the edition", html)
    cleaned = nh3.clean(
        _between(html),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_checked,
        url_schemes=_SCHEMES,
    )
    return Markup(cleaned.strip())  # noqa: S704 - nh3 has cleaned it


def headlines(html: str) -> list[Headline]:
    """Return the headlines of an edition in order; none where the template has its own way of them."""
    return [
        Headline(lang, " ".join(entities.unescape(_TAG.sub("", words)).split()))
        for lang, words in _HEADLINE.findall(web_part(html))
    ]


def _checked(tag: str, name: str, value: str) -> str | None:
    """Take the address from a picture that is none of ours."""
    if (tag, name) != ("img", "src"):
        return value
    folder, _, file = value.rpartition("/")
    return value if _MEDIA.fullmatch(folder) and pictures.is_name(file) else None


def _between(html: str) -> str:
    found = _PART.search(html)
    return found[1] if found else ""
