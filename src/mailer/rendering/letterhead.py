"""The headers of our mails, each by its own grammar; what differs per reader stays a hole."""

from __future__ import annotations

import email.utils
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.domain.content import LetterKind, RenderedMail
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.rendering import headers, holes
from mailer.rendering.skeleton import DATE_MARK, MESSAGE_ID_MARK, TO_MARK, Skeleton, build_skeleton

_SENDER_ID_LETTERS = 12
_SOME_LIST = "news"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who a mail is from.

    Attributes:
        newsletter: slug; left side of List-Id; on a discreet mail a word that any could have.
        title: the newsletter's name in the mail's language.
        sender: From address, ASCII.
        sender_name: display name; may be empty.
        reply_to: may be empty: answers go to the sender.
        links: of the site that the List headers name.
        is_discreet: whether no header may tell which newsletter this is.
    """

    newsletter: str
    title: str
    sender: str
    sender_name: str
    reply_to: str
    language: Language
    links: Links
    is_discreet: bool = False

    @property
    def domain(self) -> str:
        """The sender's domain, on the right side of Message-ID and List-Id."""
        return self.sender.rpartition("@")[2]

    def discreet(self, sender_name: str) -> Letterhead:
        """Return the letterhead of discreet mails: the same for all newsletters that share a sender."""
        return replace(self, newsletter=_SOME_LIST, title="", sender_name=sender_name, is_discreet=True)


def edition_skeleton(
    mail: RenderedMail, letterhead: Letterhead, *, issue_key: str, date: datetime
) -> Skeleton:
    """Return an edition as finished bytes.

    Args:
        mail: rendered, holes open.
        letterhead: in the mail's language.
        issue_key: the issue's name within its newsletter, as ``2026-W47``.
        date: the release instant, aware; the same for every copy.
    """
    lines = [
        *_common(mail, letterhead, email.utils.format_datetime(date)),
        *_list_headers(letterhead),
        headers.plain("Feedback-ID", _feedback_id(letterhead, issue_key)),
        # Not standard, but what most programs look for before they send a holiday notice (RFC 3834 §2).
        headers.plain("Precedence", "bulk"),
    ]
    return build_skeleton(mail, lines, _boundary(mail))


def letter_skeleton(mail: RenderedMail, letterhead: Letterhead, kind: LetterKind) -> Skeleton:
    """Return a Letter as finished bytes: an answer to something a reader did (RFC 3834 §5)."""
    lines = [
        *_common(mail, letterhead, DATE_MARK),
        # Enough to say why the return path is not the sender's, and no more, where there is no list to leave.
        *_list_names(letterhead),
        *(_ways_out(letterhead) if kind is LetterKind.WELCOME else []),
        headers.plain("Feedback-ID", _feedback_id(letterhead, kind)),
        headers.plain("Auto-Submitted", "auto-generated"),
        # What Exchange reads in place of Auto-Submitted.
        headers.plain("X-Auto-Response-Suppress", "OOF, AutoReply"),
    ]
    return build_skeleton(mail, lines, _boundary(mail))


def _common(mail: RenderedMail, letterhead: Letterhead, date: str) -> list[bytes]:
    lines = [
        headers.address("From", letterhead.sender_name, letterhead.sender),
        headers.plain("To", TO_MARK),
        headers.unstructured("Subject", mail.subject),
        headers.plain("Date", date),
        headers.plain("Message-ID", f"<{MESSAGE_ID_MARK}@{letterhead.domain}>"),
    ]
    if letterhead.reply_to:
        lines.insert(1, headers.address("Reply-To", "", letterhead.reply_to))
    return lines


def _list_headers(letterhead: Letterhead) -> list[bytes]:
    """Say everything one can do with the list: RFC 2369 §3 and RFC 8058."""
    links, language = letterhead.links, letterhead.language
    archive = headers.uris("List-Archive", [links.archive(language, letterhead.newsletter)])
    return [
        *_list_names(letterhead),
        *_ways_out(letterhead),
        headers.uris("List-Subscribe", [links.subscribe(language)]),
        *([] if letterhead.is_discreet else [archive]),
        # A mail to the list reaches nobody (RFC 2369 §3.4).
        headers.plain("List-Post", "NO"),
    ]


def _ways_out(letterhead: Letterhead) -> list[bytes]:
    """Say how one leaves the list, by one press (RFC 2369 §3.2, RFC 8058 §3.1)."""
    links = letterhead.links
    ways_out = [links.unsubscribe(holes.TOKEN), links.unsubscribe_by_mail(holes.RETURN_TOKEN)]
    return [
        headers.uris("List-Unsubscribe", [way for way in ways_out if way]),
        headers.plain("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


def _list_names(letterhead: Letterhead) -> list[bytes]:
    """Name the list, its owner and where to ask: RFC 2919 and RFC 2369 §3."""
    return [
        headers.list_id(letterhead.title, f"{letterhead.newsletter}.{letterhead.domain}"),
        headers.uris("List-Help", [letterhead.links.home(letterhead.language)]),
        headers.uris("List-Owner", [f"mailto:{letterhead.reply_to or letterhead.sender}"]),
    ]


def _feedback_id(letterhead: Letterhead, what: str) -> str:
    """Return what Gmail's statistics are grouped by: four fields, none that names a copy or a reader.

    The last is the same for all mail of a domain, 5 to 15 letters (Gmail's feedback loop). It alone is
    required; a discreet mail says nothing more.
    """
    sender = hashlib.sha256(letterhead.domain.encode()).hexdigest()[:_SENDER_ID_LETTERS]
    if letterhead.is_discreet:
        return f"{letterhead.newsletter}:{sender}"
    return f"{what}:{letterhead.newsletter}:{letterhead.language}:{sender}"


def _boundary(mail: RenderedMail) -> str:
    """Return a boundary that follows from the content.

    It begins with ``=_``, which no line of quoted-printable or base64 can contain (RFC 2045 §6.7).
    """
    said = f"{mail.subject}\0{mail.text}\0{mail.html}".encode("utf-8", "replace")
    return f"=_{hashlib.sha256(said).hexdigest()[:32]}"
