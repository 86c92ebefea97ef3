"""What the page of one's settings shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from starlette.responses import Response

from mailer.audience import settings_link
from mailer.audience.settings_link import OwnSettings
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.domain.time_off import LONGEST
from mailer.web.pages import Page, languages, show
from mailer.web.site import Site

_UNPROCESSABLE = 422


class Note(StrEnum):
    """What the page says about the last press; the template has the sentence."""

    SAVED = "saved"
    ASKED_BOTH = "asked both"
    NO_ADDRESS = "no address"
    SAME_ADDRESS = "same address"
    NO_DAY = "no day"
    NO_CHOICE = "no choice"

    @property
    def is_mistake(self) -> bool:
        """Whether something has to be mended."""
        return self not in (Note.SAVED, Note.ASKED_BOTH)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at the page behind a link.

    Attributes:
        language: of the page.
        secret: the link's; whose it is, is not known yet.
        fields: what was sent; nothing where the page is only looked at.
    """

    site: Site
    language: Language
    secret: str = field(repr=False)
    known: list[Newsletter]
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def settings(self) -> OwnSettings | None:
        """Return what the link opens, or None when it no longer works."""
        return await settings_link.look_up(self.site.database, self.secret, now=self.site.clock())

    def offered(self, settings: OwnSettings) -> list[Language]:
        """Return the main languages that a reader can choose: those of what they get, and their own."""
        theirs = [newsletter for newsletter in self.known if newsletter.slug in settings.active]
        wanted = {language for newsletter in theirs for language in newsletter.languages}
        return [language for language in Language if language in wanted | {settings.preferences.language}]

    def zone(self, settings: OwnSettings) -> str:
        """Return the zone in which a reader's days begin: that of what they get."""
        theirs = [newsletter.zone for newsletter in self.known if newsletter.slug in settings.active]
        return theirs[0] if theirs else "UTC"

    def today(self, settings: OwnSettings) -> date:
        """Return the day it is there."""
        return self.site.clock().astimezone(ZoneInfo(self.zone(settings))).date()

    def page(
        self, template: str, *, values: Mapping[str, object] | None = None, status: int = 200
    ) -> Response:
        """Return a page of this visit, which the switch shows in the other languages."""
        paths = self.site.paths
        here = {other: paths.manage(other, self.secret) for other in languages(self.known)}
        shown = Page(
            f"public/{template}.html",
            self.language,
            self.known,
            elsewhere=here,
            values={"here": here[self.language], **(values or {})},
            status=status,
            private=True,
        )
        return show(self.site, shown)


async def show_settings(visit: Visit, note: Note | None = None) -> Response | None:
    """Return the page of the settings, or None when the link no longer works."""
    settings = await visit.settings()
    if settings is None:
        return None
    today = visit.today(settings)
    until = settings.preferences.paused_until
    values = {
        "chosen": settings.preferences,
        "missing": str(settings.preferences.missing or ""),
        "offered": visit.offered(settings),
        "newsletters": [
            (newsletter.slug, *_title(newsletter, visit.language), newsletter.slug in settings.active)
            for newsletter in visit.known
        ],
        "lacking": [
            _title(newsletter, visit.language)
            for newsletter in visit.known
            if newsletter.slug in settings.active
            and settings.preferences.language not in newsletter.languages
        ],
        "back_on": None
        if until is None or until <= visit.site.clock()
        else until.astimezone(ZoneInfo(visit.zone(settings))).date(),
        "first_day": today + timedelta(days=1),
        "last_day": today + LONGEST,
        "note": note,
        "typed": {name: visit.fields.get(name, "")[:254] for name in ("address", "until")},
    }
    return visit.page(
        "settings", values=values, status=_UNPROCESSABLE if note is not None and note.is_mistake else 200
    )


def _title(newsletter: Newsletter, language: Language) -> tuple[str, Language]:
    """Return a newsletter's name and the language that it is in."""
    spoken = language if newsletter.title.get(language) else newsletter.languages[0]
    return newsletter.title[spoken], spoken
