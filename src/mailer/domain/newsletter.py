"""A newsletter and its standing topics, as an operator describes them in newsletter.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.period import Period
from mailer.domain.theme import Theme

Wording: TypeAlias = Mapping[Language, str]
"""One sentence or name in each language."""


class ReleaseRule(StrEnum):
    """What happens to an issue whose checks are all green."""

    MANUAL = "manual"
    """It waits for a person to approve and send it."""
    AUTOMATIC = "automatic"
    """It is released at its time."""


class UnknownPolicy(StrEnum):
    """What to do with a copy of which we can't be certain."""

    RESEND = "resend"
    """Send the same bytes once more: the reader may get it twice, but gets it."""
    HOLD = "hold"
    """Leave it to an operator."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Wall-clock times in the newsletter's zone, as written: ``Mon 06:00``.

    Attributes:
        build: when commentaries become a draft issue.
        release: when it is released.
        deadline: after this no copy of the issue is sent.
    """

    build: str = "Mon 06:00"
    release: str = "Mon 09:00"
    deadline: str = "Tue 12:00"


@dataclass(frozen=True, slots=True)
class Topic:
    """A standing section of a newsletter.

    Attributes:
        slug: its name in file names and addresses.
        position: place in the grid, from 1.
        title: in every language of the newsletter.
        active_from, active_until: first and last day it is part of issues; None is open.
        required: an issue without it is held.
    """

    slug: str
    position: int
    title: Wording
    active_from: date | None = None
    active_until: date | None = None
    required: bool = False

    def is_active(self, period: Period) -> bool:
        """Tell whether the topic belongs to an issue on *period*."""
        begun = self.active_from is None or self.active_from <= period.last_day
        ended = self.active_until is not None and self.active_until < period.first_day
        return begun and not ended


@dataclass(frozen=True, slots=True)
class Newsletter:
    """One publication: its languages, topics, sender, rules and schedule.

    Attributes:
        slug: its name in addresses and on the command line.
        languages: in the order of display.
        zone: IANA name; periods end and schedules run by its wall clock.
        sender: the From address.
        title: the publication's name.
        overview_title: heads each issue ("Situation in Belarus"); empty means the title.
        description: what a reader signs up for.
        sender_name: display name of From.
        reply_to: where answers go, by language; empty means the sender.
        discreet_sender_name, discreet_subject: what discreet readers' mailboxes show in place of names;
            empty means words that name nothing (rendering/discretion.py).
        footer: Markdown at the end of every mail, by language.
        address_line: the publisher's postal address in one line, by language.
        theme: how its mails look.
        missing: what happens to a cell without a ready text, by language; a language that is
            not named holds the issue.
        topics: by position.
    """

    slug: str
    languages: tuple[Language, ...]
    zone: str
    sender: str
    title: Wording
    overview_title: Wording = field(default_factory=dict)
    description: Wording = field(default_factory=dict)
    sender_name: Wording = field(default_factory=dict)
    reply_to: Wording = field(default_factory=dict)
    discreet_sender_name: Wording = field(default_factory=dict)
    discreet_subject: Wording = field(default_factory=dict)
    footer: Wording = field(default_factory=dict)
    address_line: Wording = field(default_factory=dict)
    theme: Theme = field(default_factory=Theme)
    missing: Mapping[Language, MissingRule] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)
    release_rule: ReleaseRule = ReleaseRule.MANUAL
    unknown_policy: UnknownPolicy = UnknownPolicy.RESEND
    topics: tuple[Topic, ...] = ()

    def heading(self, language: Language) -> str:
        """Return what heads an issue in *language*."""
        return self.overview_title.get(language) or self.title[language]

    def topics_in(self, period: Period) -> list[Topic]:
        """Return the topics active in *period*, by position."""
        return sorted((t for t in self.topics if t.is_active(period)), key=lambda topic: topic.position)
