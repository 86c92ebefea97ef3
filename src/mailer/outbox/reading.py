"""A kept mail as a page shows it: who, what about, when, and its texts.

Mail comes as it is, and some of it is broken; a page that fails on one mail hides all the others.
So nothing here raises over what a message holds: what can't be decoded is shown as far as it goes.
"""

from __future__ import annotations

import email
import email.errors
import email.header
import email.message
import email.policy
import email.utils
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mailer.outbox.mailbox import KeptMail, Mailbox


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mail that holds content itself.

    Attributes:
        content_type: lower case, as declared ("text/html").
        charset: as declared; empty when it is not.
        filename: of an attachment; empty for a text of the mail.
        size_bytes: decoded.
    """

    content_type: str
    charset: str
    filename: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of a list of mails.

    Attributes:
        number: what Outbox.get() takes.
        received_at: aware UTC.
        envelope_from: MAIL FROM; empty for the null sender.
        recipients: RCPT TO, in order.
        sender: the From field, decoded; may be empty.
        to: the To field, decoded; may be empty.
        subject: decoded, on one line; may be empty.
        date: the Date field, aware UTC; None when there is none or it is no date.
        parts: in the order of the message.
        size_bytes: of the whole message.
    """

    number: int
    received_at: datetime
    envelope_from: str
    recipients: tuple[str, ...]
    sender: str
    to: str
    subject: str
    date: datetime | None
    parts: tuple[Part, ...]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail opened.

    Attributes:
        summary: what the list says of it.
        html: the first text/html part; empty when there is none. Written by a stranger: show it
            only where its scripts and links can do no harm.
        text: the first text/plain part; empty when there is none.
        source: the whole message as text, LF line ends, undecoded.
    """

    summary: Summary
    html: str
    text: str
    source: str


class Outbox:
    """The mailbox as pages read it: plain values, newest first."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def count(self) -> int:
        """Return how many mails are kept."""
        return self._mailbox.count()

    def newest(self, limit: int, before: int | None = None) -> list[Summary]:
        """
        Return at most *limit* summaries, newest first.

        Args:
            limit: 1 or more.
            before: only mails that came before the one of this number; None for all.
        """
        return [read(mail).summary for mail in self._mailbox.newest(limit, before)]

    def get(self, number: int) -> Reading:
        """
        Open one mail.

        Raises:
            NotFound: there is none of that number.
        """
        return read(self._mailbox.get(number))


def read(mail: KeptMail) -> Reading:
    """
    Open a kept mail.

    Raises:
        NotFound: its file is gone.
    """
    content = mail.content()
    message = _parse(content)
    leaves = list(_leaves(message))
    return Reading(
        summary=_summary(mail, message, leaves),
        html=_first_text(leaves, "text/html"),
        text=_first_text(leaves, "text/plain"),
        source=_lf(content.decode("utf-8", "replace")),
    )


_Message = email.message.Message
_Leaf = tuple[Part, bytes]


def _parse(content: bytes) -> _Message:
    try:
        # compat32 takes a quarter of the time of the newer policy and fails less on broken mail.
        return email.message_from_bytes(content, policy=email.policy.compat32)
    except RecursionError:
        # Hundreds of parts within parts: nobody writes that to be read.
        return email.message_from_bytes(content.partition(b"\r\n\r\n")[0], _class=_Message)


def _leaves(message: _Message) -> Iterator[_Leaf]:
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            body = content if isinstance(content, bytes) else b""
            yield _part(part, len(body)), body


def _part(part: _Message, size_bytes: int) -> Part:
    return Part(
        content_type=_declared(part.get_content_type),
        charset=_declared(part.get_content_charset),
        filename=_declared(part.get_filename),
        size_bytes=size_bytes,
    )


def _declared(ask: Callable[[], str | None]) -> str:
    try:
        return _letters(ask() or "")
    except (LookupError, TypeError, ValueError):
        # The standard library's reading of a parameter in pieces (RFC 2231) fails on some of them.
        return ""


def _summary(mail: KeptMail, message: _Message, leaves: list[_Leaf]) -> Summary:
    return Summary(
        number=mail.number,
        received_at=mail.received_at,
        envelope_from=mail.envelope_from,
        recipients=mail.recipients,
        sender=_field(message, "from"),
        to=_field(message, "to"),
        subject=_field(message, "subject"),
        date=_date(_field(message, "date")),
        parts=tuple(part for part, _ in leaves),
        size_bytes=mail.size_bytes,
    )


def _field(message: _Message, name: str) -> str:
    """Return the first field of that name, decoded and on one line; empty when there is none."""
    # raw_items, because compat32 hides raw 8-bit letters (RFC 6532) behind question marks.
    for found, value in message.raw_items():
        if found.lower() == name:
            raw = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            return " ".join(_letters(_decoded_words(raw)).split())
    return ""


def _decoded_words(value: str) -> str:
    try:
        return str(email.header.make_header(email.header.decode_header(value)))
    except (email.errors.HeaderParseError, LookupError, ValueError):
        return value


def _letters(text: str) -> str:
    """Put question marks where half a letter is left over: no page could be written with it."""
    return text.encode("utf-8", "replace").decode()


def _date(value: str) -> datetime | None:
    try:
        date = email.utils.parsedate_to_datetime(value)
        # RFC 5322 §3.3: -0000 says that the time is UTC, and that the zone is not known.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _first_text(leaves: list[_Leaf], content_type: str) -> str:
    for part, body in leaves:
        if part.content_type == content_type and not part.filename:
            return _lf(_letters(_text(body, part.charset)))
    return ""


def _text(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset or _USUAL_CHARSET, "replace")
    except (LookupError, ValueError):
        # No such charset, or one that decodes no text.
        return body.decode(_USUAL_CHARSET, "replace")


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n")


_USUAL_CHARSET: Final = "utf-8"
