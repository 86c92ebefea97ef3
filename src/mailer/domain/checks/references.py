"""What a text points to: pages of ours that must be there, and pictures that must be shown.

A mail can't be mended once it is sent, so a link that leads nowhere is found before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from mailer.domain.checks.private_links import hidden, own_pages, readers_own_link
from mailer.domain.finding import Check, Finding, blocking, warning
from mailer.domain.language import Language
from mailer.domain.picture import SCHEME

_FOOTNOTES = "fn"


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as a text names it: its address, and the words in its place."""

    address: str
    words: str


@dataclass(frozen=True, slots=True)
class References:
    """Everything a text points to, in the order of its words.

    Attributes:
        links: addresses.
        typed: links that are none, as they were typed: readers see the brackets.
    """

    links: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()
    pictures: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class IssuePage:
    """The page of an issue in one language."""

    language: str
    newsletter: str
    period_key: str


class Place(StrEnum):
    """Where a link on our site leads that is no issue's page."""

    STANDING = "standing"
    """A page that is always there."""
    READERS_OWN = "reader's own"
    """A page of one reader: whoever opens it acts in their place."""
    MEDIA = "media"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to lead to.

    Attributes:
        base: the public URL without a slash at its end; empty: no link is ours.
        pages: issues' pages that can be read now.
        own_pages: the pages of the issue that is checked, which are there once it is sent, each with
            the topics that one can jump to.
        pictures: names of those that are on the disk; None: not looked for.
    """

    base: str = ""
    pages: Collection[IssuePage] = frozenset()
    own_pages: Mapping[IssuePage, Collection[str]] = field(default_factory=dict)
    pictures: Collection[str] | None = None


def place_of(url: str, base: str) -> IssuePage | Place | None:
    """Say what *url* leads to on our site; None where it leads elsewhere."""
    path = _path_on_our_site(url, base)
    if path is None:
        return None
    place: IssuePage | Place = Place.UNKNOWN
    match path.split("/")[1:]:
        case [] | [""]:
            place = Place.STANDING
        case ["u", secret, *_] | [_, "confirm" | "manage" | "move" | "back", secret, *_] if secret:
            place = Place.READERS_OWN
        case ["media", _]:
            place = Place.MEDIA
        case [language, "" | "manage" | "check-mail" | "embed"] if language in list(Language):
            place = Place.STANDING
        case [language, newsletter, period_key] if language in list(Language):
            place = IssuePage(language, newsletter, period_key)
    return place


def _path_on_our_site(url: str, base: str) -> str | None:
    try:
        ours, asked = urlsplit(base), urlsplit(url)
    except ValueError:
        # Brackets of an IPv6 address that are not closed: whatever it is, it is not ours.
        return None
    if not ours.netloc or asked.netloc.lower() != ours.netloc.lower():
        return None
    if asked.path != ours.path and not asked.path.startswith(f"{ours.path}/"):
        return None
    return asked.path[len(ours.path) :]


def pictures_of(found: References, base: str) -> list[str]:
    """Return the names of our pictures that a text shows or links to."""
    shown = [each.address.removeprefix(SCHEME) for each in found.pictures if each.address.startswith(SCHEME)]
    return shown + [url.rpartition("/")[2] for url in found.links if place_of(url, base) is Place.MEDIA]


def bad_references(found: References, known: Known, where: str, *, picture_remedy: str = "") -> list[Finding]:
    """Say which links and pictures of a text would fail its readers.

    Args:
        found: in the text.
        known: what there is.
        where: the text, as ``russia.be``.
        picture_remedy: what mends a picture in words that pictures can't be imported with; empty for a
            commentary.
    """
    judged = [
        *(_bad_link(url, known, where) for url in dict.fromkeys(found.links)),
        *(_typed(words, where) for words in found.typed),
        *(_bad_picture(picture, known, where, picture_remedy) for picture in found.pictures),
        *(_wordless(picture, where) for picture in found.pictures),
    ]
    return [finding for finding in judged if finding is not None]


def _bad_link(url: str, known: Known, where: str) -> Finding | None:
    match place_of(url, known.base):
        case IssuePage() as page:
            return _bad_page(url, page, known, where)
        case Place.READERS_OWN:
            shown, *_ = [*own_pages(url, known.base), hidden(url)]
            return readers_own_link(shown, where, where)
        case Place.MEDIA:
            return _bad_file(url.rpartition("/")[2], url, known, where)
        case Place.UNKNOWN:
            message = f"a link in {where} leads to {hidden(url)}, a page that this site does not have"
            return _dead(message, where)
    return None


def _bad_page(url: str, page: IssuePage, known: Known, where: str) -> Finding | None:
    topics = known.own_pages.get(page)
    anchor = urlsplit(url).fragment
    if topics is not None:
        if anchor and anchor not in topics and not anchor.startswith(_FOOTNOTES):
            return _dead(f"a link in {where} leads to {url}, and this issue has no topic “{anchor}”", where)
        return None
    if page not in known.pages:
        return _dead(f"a link in {where} leads to {url}, and that issue has not been sent", where)
    return None


def _dead(message: str, where: str) -> Finding:
    return warning(Check.DEAD_LINK, message, f"mend the link in {where}, or take it out", where=where)


def _typed(words: str, where: str) -> Finding:
    return warning(
        Check.DEAD_LINK,
        f"{hidden(words)} in {where} makes no link, so readers see the brackets",
        f"write a whole address in {where}, as https://example.org/page",
        where=where,
    )


def _bad_picture(picture: Shown, known: Known, where: str, remedy: str) -> Finding | None:
    if picture.address.startswith(SCHEME):
        return _bad_file(picture.address.removeprefix(SCHEME), picture.address, known, where, remedy)
    shown = hidden(picture.address)
    return warning(
        Check.PICTURE_ELSEWHERE,
        f"the picture {shown} in {where} is not kept here, so readers get its description instead",
        remedy or "put the picture’s file beside the text, name it there, and import both",
        where=where,
    )


def _bad_file(name: str, shown: str, known: Known, where: str, remedy: str = "") -> Finding | None:
    if known.pictures is None or name in known.pictures:
        return None
    return blocking(
        Check.PICTURE_MISSING,
        f"the picture {shown} in {where} is not here",
        remedy or "import it again, together with the picture’s file",
        where=where,
    )


def _wordless(picture: Shown, where: str) -> Finding | None:
    if picture.words.strip():
        return None
    return warning(
        Check.PICTURE_WITHOUT_WORDS,
        f"the picture {hidden(picture.address)} in {where} has no words, so who can’t see it gets nothing",
        f"write what it shows between the brackets, as ![A map of the border](…), in {where}",
        where=where,
    )
