"""Where a bounce stops speaking and begins to quote the message it could not deliver.

Every address behind that line is one of ours, of the newsroom or of servers on the way: read as a
recipient it would strike off the wrong person. The quoted header still tells whom the copy was for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from mailer.bounces.legacy_address import addresses_in, is_address, tidy

_QUOTED = re.compile(r"^(?:> ?)+", re.MULTILINE)
# "<very.long.name@" at the end of a line, "example.org>" on the next.
_SPLIT = re.compile(r"<([^<>\s]{1,384})[ ]{0,8}\n[ ]{0,40}([^<>\s]{1,384})>")
# Outlook's way to write a link as text: "name<mailto:name@example.org>".
_LINK = re.compile(r"<mailto:([^<>\s]{1,400})>", re.IGNORECASE)
# What a line of dashes announces.
_ANNOUNCED = r"""
    original (?:e-?mail |mail )?(?:message|mail|e-?mail|headers?|text)
    (?:un-?sent|returned|failed|rejected|bounced?|source|undelivered) (?:message|e-?mail|mail)
    message (?:text|headers?|body|contents?)|(?:the )?headers? of the|copy of (?:the|your|this)
    mensaje original|mensagem original|messaggio originale|message (?:d'origine|original)
    originalnachricht|ursprüngliche (?:nachricht|mail)|oryginalna wiadomość
    исходное (?:сообщение|письмо)|оригинал\w* (?:сообщени|письм)\w*
    зыходн\w+ (?:паведамленне|ліст)|вихідне повідомлення|元のメッセージ|原邮件|原始邮件
"""
# Lines that say or are it themselves.
_BEGINNINGS = r"""
    [^\w\n]{2,80} ?(?:(?:this|below this line|\w{8}) is )?(?:an? |the |your )?(?:<announced>)
    [ ]*(?:the )?original (?:message|mail) (?:follows|headers? ?:|header follows|text follows)
    [ ]*original message ?(?:headers?|details?)? ?: *$
    [ ]*(?:message|mail) headers? follows?
    [ ]*(?:below|following|attached|included|enclosed) (?:is|are) a copy
    [ ]*(?:below|following|attached|included|enclosed) (?:is|are) the (?:original|header|full|first)
    [ ]*a copy of (?:the|your) (?:original )?message
    [ ]*your message reads
    [ ]*(?:bounced|returned|undelivered|original) e?-?mail ?: *$
    [ ]*исходные заголовки
    [ ]*urspr.{1,3}ngliche nachrichtenkopf
    [ ]*en-t.tes? d?e? ?.?message d.origine
    [ ]*encabezados (?:de mensajes? )?originales
    [ ]*intestazioni (?:messaggio|originali)
    [ ]*cabe.alhos da mensagem
    (?:> ?)?From \S{1,320} +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[ ]
    (?:> ?)?(?:X-)?Received: +(?:from|by|\(|;)
    (?:> ?)?Return-Path: *<?[^\s<>]{1,320}@
    (?:> ?)?(?:DKIM-Signature|DomainKey-Signature|ARC-Seal|Delivered-To|X-Original-To):
"""


def _any_of(expressions: str) -> str:
    """One expression out of *expressions*, one a line."""
    return "|".join(line.strip() for line in expressions.strip().splitlines())


_BOUNDARY = re.compile(
    f"^(?:{_any_of(_BEGINNINGS)})".replace("<announced>", _any_of(_ANNOUNCED)), re.IGNORECASE | re.MULTILINE
)
# The header of a bounce that somebody passed on.
_REPORT = re.compile(
    r"^from:? [^\n]{0,200}mailer-daemon|^return-path: <>|report-type=\"?delivery-status|"
    r"^return-path: <?mailer-daemon",
    re.MULTILINE,
)
_FOR = re.compile(r"\bfor\s+<?([^\s<>;]{1,320}@[^\s<>;]{1,255})>?", re.IGNORECASE)
_HEADER = re.compile(r"^([A-Za-z][A-Za-z-]{1,40}):[ \t]*(.{0,2000})$")
_RECIPIENTS = ("x-original-to", "envelope-to", "x-envelope-to", "received", "delivered-to", "to")
_SENDERS = frozenset({"from", "sender", "reply-to", "return-path", "errors-to", "x-sender"})
_MAX_HEADER_LINES = 200
_MAX_CANDIDATES = 50
# No mail server speaks longer; what follows is a quotation without any sign of it.
_MAX_REPORT_CHARS = 40_000


@dataclass(frozen=True, slots=True)
class Original:
    """The quoted header of the message that came back.

    Attributes:
        recipients: whom it was for, best first; a list's address where the mail went to a list.
        senders: who wrote it; never a recipient of a bounce.
    """

    recipients: tuple[str, ...] = ()
    senders: frozenset[str] = frozenset()


def parted(text: str) -> tuple[str, Original]:
    """Return what the mail server says, in plain lines, and what it quotes.

    Quote marks, link notation and addresses broken over two lines are mended first.
    """
    text = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\t", " ")
        .replace("\xa0", " ")
        .replace("\x00", "")
        # The only letter that grows in lower case; without it a place there is a place here.
        .replace("İ", "I")
    )
    if 2 * text.count("\n>") > text.count("\n"):
        # Passed on by hand, as a quotation; Sendmail's own ">>> DATA" is none.
        text = _QUOTED.sub("", text)
    text = _LINK.sub(r" <\1>", _SPLIT.sub(_joined, text))
    candidates = islice(_BOUNDARY.finditer(text), _MAX_CANDIDATES)
    match = next((found for found in candidates if _is_quoted(text, found)), None)
    if match is None:
        return text[:_MAX_REPORT_CHARS], Original()
    return text[: min(match.start(), _MAX_REPORT_CHARS)], _original(text[match.start() :])


def _joined(match: re.Match[str]) -> str:
    whole = match[1] + match[2]
    return f"<{whole}>" if is_address(whole) else match[0]


def _is_quoted(text: str, match: re.Match[str]) -> bool:
    """Whether *match* begins the quotation: not where it begins the report itself, forwarded by hand."""
    header = text[match.start() : match.start() + 3000].partition("\n\n")[0].lower()
    line = header.partition("\n")[0]
    if "<>" in line or _REPORT.search(header):
        return False
    # "The original message was received at …" is how Sendmail says good day.
    return not line.lstrip(" -*").startswith(("the original message was", "original message was"))


def _original(quoted: str) -> Original:
    fields: dict[str, list[str]] = {}
    name = ""
    for quoted_line in quoted.split("\n", _MAX_HEADER_LINES)[:_MAX_HEADER_LINES]:
        line = quoted_line.removeprefix(">")
        if (match := _HEADER.match(line)) is not None:
            name = match[1].lower()
            fields.setdefault(name, []).append(match[2])
        elif line.startswith(" ") and name:
            fields[name][-1] += " " + line.strip()
    recipients = (
        address for name in _RECIPIENTS for value in fields.get(name, ()) for address in _meant(name, value)
    )
    senders = (
        address.lower()
        for name in _SENDERS
        for value in fields.get(name, ())
        for address in addresses_in(value)
    )
    return Original(tuple(dict.fromkeys(recipients)), frozenset(senders))


def _meant(name: str, value: str) -> tuple[str, ...]:
    if name != "received":
        return addresses_in(value)
    return tuple(tidy(found) for found in _FOR.findall(value) if is_address(tidy(found)))
