"""What the pages are given to work with; bootstrap puts it together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from mailer.audience.defence import Defence
from mailer.audience.vault import Vault
from mailer.delivery.release import Terms
from mailer.domain.checks.machine import ANY_MACHINE, Machine
from mailer.domain.issue import IssueKind
from mailer.domain.links import Links
from mailer.domain.token import TokenKeys
from mailer.rendering.theme_folder import OURS_ALONE, Themes
from mailer.storage import Database
from mailer.storage.media import Media
from mailer.web.hooks.trust import NOBODY, Trust


class MailSummary(Protocol):
    """One line of the list of kept mails."""

    @property
    def number(self) -> int:
        """Order of arrival, from 1."""

    @property
    def received_at(self) -> datetime:
        """Aware UTC."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Addresses of RCPT TO."""

    @property
    def sender(self) -> str:
        """The From field, decoded; may be empty."""

    @property
    def subject(self) -> str:
        """Decoded, on one line; may be empty."""


class OpenedMail(Protocol):
    """A kept mail as a page shows it."""

    @property
    def summary(self) -> MailSummary:
        """What the list says of it."""

    @property
    def html(self) -> str:
        """Its HTML; empty when it has none. It may hold anything: show it only in a sandbox."""

    @property
    def text(self) -> str:
        """Its plain text; empty when it has none."""

    @property
    def source(self) -> str:
        """The whole message, undecoded, LF line ends."""


class KeptMails(Protocol):
    """The mails that the built-in relay keeps; outbox.reading.Outbox is one."""

    def count(self) -> int:
        """Return how many there are."""

    def newest(self, limit: int, before: int | None = None) -> Sequence[MailSummary]:
        """Return at most *limit*, newest first, that came before the one numbered *before*."""

    def get(self, number: int) -> OpenedMail:
        """Open one; raises NotFound."""


class FenceState(Protocol):
    """Whether mail may go; domain.fence.FenceState is one."""

    @property
    def is_open(self) -> bool:
        """Whether it may."""

    @property
    def needs_permission(self) -> bool:
        """Whether a person must allow it."""

    @property
    def sentence(self) -> str:
        """Why not, and the next step; empty while open."""


class Fence(Protocol):
    """Keeps a restored copy from sending; delivery.fence.Fence is one."""

    @property
    def state(self) -> FenceState:
        """What the last look found."""

    async def allow(self) -> None:
        """Let this database send."""


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages need.

    Attributes:
        link_keys: verify unsubscribe links.
        links: of the public pages; the path of its base stands before every path of ours.
        clock: the time now, aware UTC.
        wake: called after a POST that gives the sender work; returns at once.
        media: the pictures that texts show.
        mailbox: the kept mails while nothing leaves this machine, else None: then there is no page of
            them, and what was released as a rehearsal has no public page.
        terms: makes the terms of a release at a time.
        ring: called after texts have changed, so that the clock looks at once; returns at once.
        relay: the outgoing mail server as operators know it (“smtp.example.org, port 587”); empty
            where none is set.
        lane: under what name the database counts the messages that leave.
        machine: what the checks of an issue know of this one.
        fence: None where there is none to look at.
        themes: each newsletter's own mail templates.
        defence: holds floods of sign-ups back; None lets each in alike.
        trust: which mail providers may report here.
    """

    database: Database
    vault: Vault = field(repr=False)
    link_keys: TokenKeys = field(repr=False)
    links: Links
    clock: Callable[[], datetime]
    wake: Callable[[], None]
    terms: Callable[[datetime], Terms]
    media: Media
    ring: Callable[[], None] = lambda: None
    mailbox: KeptMails | None = None
    relay: str = ""
    lane: str = ""
    machine: Machine = ANY_MACHINE
    fence: Fence | None = None
    themes: Themes = OURS_ALONE
    defence: Defence | None = None
    trust: Trust = NOBODY

    @property
    def paths(self) -> Links:
        """The same links without scheme and host, so that pages work through any tunnel."""
        return Links(urlsplit(self.links.base).path.rstrip("/"))

    def from_here(self, html: str) -> str:
        """Return *html* with our pictures fetched from where the page was, so that any tunnel shows them."""
        return html.replace(f'src="{self.links.media}/', f'src="{self.paths.media}/')

    @property
    def kinds(self) -> frozenset[IssueKind]:
        """The kinds of issue that have a public page."""
        shown = {IssueKind.REGULAR, IssueKind.REHEARSAL} if self.mailbox else {IssueKind.REGULAR}
        return frozenset(shown)
