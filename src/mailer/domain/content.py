"""What a mail says, before anyone decides how it looks: the input of rendering.

An Edition's content comes from the frozen grid, a Letter's from its kind; both are rendered once
and then filled in per reader (rendering/skeleton.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mailer.domain.commentary import Text
from mailer.domain.language import Language
from mailer.domain.period import Period
from mailer.domain.theme import Theme
from mailer.domain.trend import Trend


@dataclass(frozen=True, slots=True)
class Imprint:
    """Who publishes, and how their mails look: the same in all mails of a newsletter and language.

    Attributes:
        logo_url: where the theme's logo lies; empty without one.
        footer: Markdown, may be empty.
        address_line: where the publisher can be reached by post, in one line; may be empty.
    """

    theme: Theme = field(default_factory=Theme)
    logo_url: str = ""
    footer: str = ""
    address_line: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Says that a copy is none that readers get, but one for those who look before.

    Attributes:
        findings: what is still missing, in the words of the checks; may be empty.
    """

    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One commentary as an edition shows it.

    Attributes:
        topic: slug, also the anchor of the block.
        topic_title: in the edition's main language.
        trend: None while nobody has named it.
        text: its language differs from the edition's when it is borrowed.
    """

    topic: str
    topic_title: str
    trend: Trend | None
    text: Text


@dataclass(frozen=True, slots=True)
class EditionContent:
    """Everything an edition says.

    Attributes:
        language: the main language: of all furniture, and of each text that is not borrowed.
        title: the newsletter's name.
        heading: what heads the issue ("Situation in Belarus").
        period: the days it reports on.
        subject: empty means heading, dates and the first headline.
        preheader: the line a mailbox shows beside the subject; empty means the first lead.
        opening_note: Markdown, may be empty.
        blocks: by position.
        web_url: the issue's public page in this language, the same for every reader.
        subscribe_url: where somebody to whom the mail was sent on can sign up.
        unsubscribe_url: holds rendering.holes.TOKEN where each reader's token goes.
        closing_notices: Markdown below the commentaries, may be empty.
        media_url: what stands before the name of a picture of ours; empty shows its description.
        manage_url: where a reader asks for a link to their settings, the same for every reader; empty
            leaves the line out.
        proof: None in what readers get.
    """

    language: Language
    title: str
    heading: str
    period: Period
    subject: str
    preheader: str
    opening_note: str
    blocks: tuple[Block, ...]
    web_url: str
    subscribe_url: str
    unsubscribe_url: str
    closing_notices: str = ""
    media_url: str = ""
    manage_url: str = ""
    imprint: Imprint = field(default_factory=Imprint)
    proof: Proof | None = None


class LetterKind(StrEnum):
    """What a mail that is no edition is for."""

    CONFIRM = "confirm"
    """Somebody typed this address into the sign-up form; one press confirms."""
    INVITE = "invite"
    """An operator entered this address; one press confirms."""
    ALREADY = "already"
    """Somebody signed up an address that is subscribed already."""
    WELCOME = "welcome"
    """The subscription is confirmed."""
    GOODBYE = "goodbye"
    """The subscription has ended."""
    MANAGE = "manage"
    """A reader asked for a link to their settings."""
    MOVE_IN = "move-in"
    """To a new address: a reader asked to have their mail sent here."""
    MOVE_OUT = "move-out"
    """To the present address: a reader asked to have their mail sent to another."""
    FORWARD = "forward"
    """To the newsroom, with somebody's letter in it that came to a return path."""


@dataclass(frozen=True, slots=True)
class LetterContent:
    """Everything a Letter says.

    Attributes:
        title: the newsletter's name in *language*.
        description: what the newsletter is, in *language*; may be empty.
        action_url: where its one button leads: confirm, invite, manage, move or come back (holds
            rendering.holes.SECRET), unsubscribe (holds rendering.holes.TOKEN), or the desk.
        home_url: the site's page in *language*.
        valid_days: how long a link to confirm, to move or to come back works; other kinds ignore it.
        valid_minutes: how long a manage link works; other kinds ignore it.
        manage_url: where a reader asks for a link to their settings, the same for every reader; empty
            leaves the line out.
        titles: of all newsletters that a request or a welcome is about; empty where it is one.
    """

    kind: LetterKind
    language: Language
    title: str
    description: str
    action_url: str
    home_url: str
    valid_days: int = 3
    valid_minutes: int = 30
    manage_url: str = ""
    imprint: Imprint = field(default_factory=Imprint)
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail as people read it, holes still open.

    Attributes:
        subject: one line.
        html: a whole document, CSS inlined, LF line ends.
        text: the same content as plain text, wrapped at 72, LF line ends.
    """

    language: Language
    subject: str
    html: str
    text: str
