"""The headers of our mails, each by its own grammar; what differs per reader stays a hole."""

from __future__ import annotations

import email.utils
import hashlib
from dataclasses import dataclass
from datetime import datetime

from mailer.domain.content import RenderedMail
from mailer.domain.language import Language
from mailer.rendering import headers
from mailer.rendering.skeleton import DATE_MARK, MESSAGE_ID_MARK, TO_MARK, Skeleton, build_skeleton


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who a mail is from.

    Attributes:
        newsletter: slug; left side of List-Id.
        title: the newsletter's name in the mail's language.
        sender: From address, ASCII.
        sender_name: display name; may be empty.
        reply_to: may be empty: answers go to the sender.
    """

    newsletter: str
    title: str
    sender: str
    sender_name: str
    reply_to: str
    language: Language

    @property
    def domain(self) -> str:
        """The sender's domain, on the right side of Message-ID and List-Id."""
        return self.sender.rpartition("@")[2]


def edition_skeleton(
    mail: RenderedMail, letterhead: Letterhead, *, unsubscribe_url: str, date: datetime
) -> Skeleton:
    """Return an edition as finished bytes.

    Args:
        mail: rendered, holes open.
        letterhead: in the mail's language.
        unsubscribe_url: with its hole; takes a bare POST (RFC 8058).
        date: the release instant, aware; the same for every copy.
    """
    lines = [
        *_common(mail, letterhead, email.utils.format_datetime(date)),
        headers.list_id(letterhead.title, f"{letterhead.newsletter}.{letterhead.domain}"),
        headers.uris("List-Unsubscribe", [unsubscribe_url]),
        headers.plain("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]
    return build_skeleton(mail, lines, _boundary(mail))


def letter_skeleton(mail: RenderedMail, letterhead: Letterhead) -> Skeleton:
    """Return a Letter as finished bytes: an answer to something a reader did (RFC 3834 §5)."""
    lines = [*_common(mail, letterhead, DATE_MARK), headers.plain("Auto-Submitted", "auto-generated")]
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


def _boundary(mail: RenderedMail) -> str:
    """Return a boundary that follows from the content.

    It begins with ``=_``, which no line of quoted-printable or base64 can contain (RFC 2045 §6.7).
    """
    said = f"{mail.subject}\0{mail.text}\0{mail.html}".encode("utf-8", "replace")
    return f"=_{hashlib.sha256(said).hexdigest()[:32]}"
