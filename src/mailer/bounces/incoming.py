"""A message as it strikes a reader: who sent it, under what subject, and what its text says.

Everything that asks "what is this?" starts from here, so that text is decoded and stripped only once.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from mailer.bounces.addresses import address_in
from mailer.bounces.message import Opened, Part

_MAX_TEXT_CHARS = 8_000
"""Reports say what they have to say at the beginning; the rest is the returned message."""
_START_CHARS = 1_500
_MAX_SUBJECT_CHARS = 300
_MIN_PLAIN_CHARS = 20

_DAEMON = re.compile(
    r"^(?:mailer-?daemon|mail-?daemon|mdaemon|daemon|post[-_.]?master|mail[-_.]?delivery[\w.-]*|"
    r"delivery[-_.]?system|mail(?:er)?[-_.]?(?:system|subsystem|admin\w*|service)|bounces?|smtpd?|"
    r"[\w.-]*(?:_mail_service|antivirus_for_smtp_gateways|mail\.delivery\.system))(?:@|$)",
    re.IGNORECASE,
)
_DAEMON_NAME = re.compile(
    r"mail delivery|delivery (?:sub)?system|mailer[- ]daemon|mail (?:sub)?system|^\W*postmaster\b|"
    r"system administrator|mail administrator|ndr administrator|(?:message|mail) router|"
    r"почтов\w{1,4} (?:систем|служб|демон)",
    re.IGNORECASE,
)
_REPLY = re.compile(
    r"^\W*(?:(?:re|aw|sv|vs|antw|odp|ynt|rif|ref|res|vá|ответ|адказ|відповідь|fwd?|wg|tr|i|enc|rv|pd|"
    r"пер|переслано)(?:\[\d+\])?\s*:|回复|答复|转发)",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h[1-6]|/?table|/?pre|/td)\b[^<>]{0,2000}>", re.IGNORECASE)
_ENDLESS_WORD = re.compile(r"(\S{300})\S+")
_ENDLESS_GAP = re.compile(r"([^\S\n]{60})[^\S\n]+")
_EMPTY_LINES = re.compile(r"\n(?:[^\S\n]{0,200}\n){4,}")
_QUOTED_LINE = re.compile(r"^[ \t]{0,3}>[^\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message, with what every question asks of it.

    Attributes:
        mail: opened.
        subject: encoded-words read.
        sender: From, as an address; empty where it has none.
        is_daemon: a mail system wrote it, by its name.
        is_null_sender: its Return-Path is empty, as RFC 5321 §4.5.5 asks of reports.
        is_answer: its subject says that a person answered or forwarded something.
        text: the plain text for people, or HTML without its tags; at most 8,000 characters, without
            endless words and gaps.
        start: the first lines of it that quote nothing.
    """

    mail: Opened
    subject: str
    sender: str
    is_daemon: bool
    is_null_sender: bool
    is_answer: bool
    text: str
    start: str


def take_in(mail: Opened) -> Incoming:
    """Look at *mail* once for all the questions that follow."""
    subject = " ".join(mail.fields.shown("Subject").split())[:_MAX_SUBJECT_CHARS]
    written = mail.fields.shown("From")
    sender = address_in(written) or written.strip("<> \t")
    text = _bounded(_text_for_people(mail))
    return Incoming(
        mail,
        subject,
        sender if "@" in sender else "",
        is_daemon=bool(_DAEMON.search(sender) or _DAEMON_NAME.search(written)),
        is_null_sender=mail.fields.first("Return-Path").replace(" ", "") == "<>",
        is_answer=bool(_REPLY.search(subject)),
        text=text,
        start=_QUOTED_LINE.sub("", text[:_START_CHARS]).strip(),
    )


def without_tags(page: str) -> str:
    """Return the words of an HTML *page*, a line for each block."""
    for name in ("style", "script", "head"):
        page = _without_element(page, name)
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", page)))


def _text_for_people(mail: Opened) -> str:
    plain = "\n\n".join(part.text for part in mail.parts if _is_plain(part))[:_MAX_TEXT_CHARS]
    if len(plain.strip()) >= _MIN_PLAIN_CHARS:
        return plain
    pages = [
        without_tags(part.text[:_MAX_TEXT_CHARS]) for part in mail.parts if part.content_type == "text/html"
    ]
    return "\n\n".join([plain, *pages])[:_MAX_TEXT_CHARS]


def _bounded(text: str) -> str:
    """Cut what nobody writes and every search pays for: endless words, gaps and empty lines."""
    text = _ENDLESS_WORD.sub(r"\1", text.replace("\r\n", "\n"))
    return _ENDLESS_GAP.sub(r"\1", _EMPTY_LINES.sub("\n\n\n\n", text))


def _is_plain(part: Part) -> bool:
    if part.content_type in ("text/plain", "text/enriched", "text/markdown"):
        return True
    # A multipart that could not be cut is text as it stands.
    return part.content_type.startswith("multipart/")


def _without_element(page: str, name: str) -> str:
    """Cut out every element *name*, in one pass from left to right; an open one ends with the page."""
    lower = page.lower()
    if len(lower) != len(page):
        # Some letters grow in lower case ("İ"); then positions would not match.
        lower = page
    kept: list[str] = []
    at = 0
    while (start := lower.find(f"<{name}", at)) >= 0:
        after = start + len(name) + 1
        if lower[after : after + 1].isalnum():
            # "<header" is not "<head".
            kept.append(page[at:after])
            at = after
            continue
        kept.append(page[at:start])
        end = lower.find(f"</{name}", after)
        if end < 0:
            return "".join(kept)
        at = end + len(name) + 2
    kept.append(page[at:])
    return "".join(kept)
