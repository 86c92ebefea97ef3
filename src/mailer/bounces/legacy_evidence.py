"""What a bounce without a form gives as its reason: the far server's own words, its codes, the stage.

Mail servers wrap what they were told ("SMTP error from remote mail server after RCPT TO:<…>: host …").
The wrapper tells the stage; what is judged by is the reply inside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailer.bounces.legacy_words import speaks_of_failure
from mailer.domain.outcome import Stage
from mailer.domain.reply_class import ReplyClass
from mailer.domain.reply_words import sign_in

# A reply: at the start of a line, or after what introduces it; "550-5.1.1", "550: 5.1.1", "#550 5.1.1".
_REPLY = re.compile(
    r"(?:^[ \t]*(?:<<<[ ]?|<--[ ]?|(?:received )?>>>[ ]?|out:[ ]?|--[ ]?)?|[:;\[\](\"'<#][ \t]?|\bsaid:?[ ]|"
    r"\b(?:is|was|with|code|error|returned|reply|says|respon[ds]\w*|antwort\w*|ответил\w*|сервера)[ ]:?[ ]?)"
    r"[#<\[\"']?([245]\d\d)"
    # What follows tells a reply from a port, a year or a size.
    r"(?=[ \t]*[-:,]?[ \t]*[#<(\[\"']?[^\W\d_]|[ -]+#?[245]\.\d|[ \t]*[:,-][ \t]*\S|[ ]\1[ -]|[ \t]*$)"
    r"(?!-\d\d-\d)[ \t:,-]*(?:\1[ -]+)?",
    re.IGNORECASE | re.MULTILINE,
)
_STATUS = re.compile(r"(?<![\d.\w])([245]\.\d{1,2}\.\d{1,3})(?![\d.]*\d|\.\d)")
_BARE_STATUS = re.compile(r"^[ #*-]{0,12}([45]\.\d{1,2}\.\d{1,3})[ ]+[^\s\d]", re.MULTILINE)
_CODE_LABEL = re.compile(r"(?:smtp|error)[ _]?(?:error[ _]?)?code[ ]?:?[ ]{0,4}([245]\d\d)\b", re.IGNORECASE)
_CODE_AGAIN = re.compile(r"(?<=\s)([245]\d\d)[ -](?=\S)")
_DIAGNOSTIC = re.compile(
    r"^[ ]*diagnostic-code:[ ]*(?:[\w.-]{1,40};)?[ ]*(.*(?:\n[ ]+\S.*){0,20})", re.IGNORECASE | re.MULTILINE
)
_STATUS_FIELD = re.compile(r"^[ ]*status:[ ]*([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
_STAGES = (
    (
        Stage.MAIL,
        re.compile(
            r"\bMAIL[ _]FROM\b|\bMAIL command|\[MAIL_FROM\]|sender address verification", re.IGNORECASE
        ),
    ),
    (
        Stage.RCPT,
        re.compile(r"\bRCPT[ _]TO\b|\bRCPT command|\bRCPT\b|does not like recipient", re.IGNORECASE),
    ),
    (
        Stage.DOT,
        re.compile(
            r"end of data|end-of-data|TEXT command|after I sent the message|after sending the message|"
            r"\(DATA\)|"
            r"DATA SEND|message body|after pipelined end|BDAT",
            re.IGNORECASE,
        ),
    ),
    (
        Stage.DATA,
        re.compile(
            r"(?:>>>|\bin:|\bsent:?) *DATA\b|\bDATA command|\bafter DATA\b|^[ \t]*DATA[ \t]*$",
            re.IGNORECASE | re.MULTILINE,
        ),
    ),
    (
        Stage.CONNECT,
        re.compile(
            r"initial connection|\b(?:EHLO|HELO|LHLO|STARTTLS)\b|greeting|"
            r"connected to .{1,80} but (?:greeting|connection)",
            re.IGNORECASE,
        ),
    ),
)
# What follows a reply and is none of it: the next line of a transcript, the end of a JSON string.
_NEXT = re.compile(
    r"\n *(?:>>>|<<<|(?:In|Out): |[45]\d\d[ -](?:[\d.]+ )?<|(?:\.\.\. ?)?while talking)|\\{0,4}\"[,}\]]",
    re.IGNORECASE,
)
# "554 <reader@example.org>... 550 Host unknown": Sendmail's own code before what it was told.
_INNER = re.compile(r"[^\n]{0,320}?\.\.\. ([45]\d\d) ")
# Exchange tells when, before it tells why.
_WHEN = re.compile(
    r"^[; ]{0,4}(?:on|am|le|el|il|em|w|в) [^@\d]{0,20}\d[^@]{0,40}?\d\d:\d\d(?::\d\d)?(?: ?[+-]\d{4}|"
    r" [AP]M)?",
    re.IGNORECASE,
)
_MAX_TEXT_CHARS = 600
_MAX_LINES = 60
_MAX_PARAGRAPHS = 12


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a message came back.

    Attributes:
        text: one line; begins with the code where there is one.
        code: SMTP reply code, where one is named.
        status: enhanced status code, where one is named.
        stage: what was answered, where the text says so.
    """

    text: str = ""
    code: int | None = None
    status: str | None = None
    stage: Stage | None = None

    @property
    def has_codes(self) -> bool:
        """Whether it names a code of any sort."""
        return self.code is not None or self.status is not None


def read_evidence(lines: Sequence[str]) -> Evidence:
    """Read the reason out of *lines*, what a bounce says about one recipient."""
    block = _WHEN.sub("", "\n".join(line[:2000] for line in lines[:_MAX_LINES]))
    if (field := _DIAGNOSTIC.search(block)) is not None:
        return _of_fields(block, field[1])
    reply = _best_reply(block)
    if reply is None:
        return _without_code(block)
    code, begins_at = reply[1], reply.end()
    if (inner := _INNER.match(block, begins_at)) is not None:
        code, begins_at = inner[1], inner.end()
    words = _one_line(_NEXT.split(_paragraph(block[begins_at:]), maxsplit=1)[0])
    words = _CODE_AGAIN.sub(lambda again: "" if again[1] == code else again[0], words)
    text = f"{code} {words}".strip()[:_MAX_TEXT_CHARS]
    return Evidence(text, int(code), _status(words) or _status(block), _stage(block, begins_at))


def words_of_blame(report: str) -> str | None:
    """Return the first paragraph of *report* that gives a cause, for want of words beside the recipient.

    Reports also list what may be wrong in general ("the address may not exist"), so what would condemn
    an address is passed over; the worst that words from elsewhere can do is count as a strike.
    """
    paragraphs = (_one_line(text) for text in report.split("\n\n", _MAX_PARAGRAPHS)[:_MAX_PARAGRAPHS])
    causes = ((text, sign.cause.reply_class) for text in paragraphs if (sign := sign_in(text)) is not None)
    return next((text for text, group in causes if group is not ReplyClass.INVALID), None)


def stage_in(text: str) -> Stage | None:
    """The command that *text* names last; None where it names none."""
    return _stage(text, len(text))


def _best_reply(block: str) -> re.Match[str] | None:
    """The first refusal; what was accepted on the way to it (``250 ok``) is none."""
    return next((match for match in _REPLY.finditer(block) if match[1][0] in "45"), None)


def _without_code(block: str) -> Evidence:
    bare = _BARE_STATUS.search(block)
    text = _one_line(_paragraph(block[bare.start(1) :])) if bare else _first_words(block)
    code = _CODE_LABEL.search(text)
    return Evidence(text, int(code[1]) if code else None, _status(text), _stage(block, len(block)))


def _of_fields(block: str, diagnostic: str) -> Evidence:
    """Fields of RFC 3464 that lost their part: a Diagnostic-Code is the far server's own word."""
    text = _one_line(diagnostic)
    code = re.match(r"([245]\d\d)\b", text)
    field = _STATUS_FIELD.search(block)
    return Evidence(
        text, int(code[1]) if code else None, field[1] if field else _status(text), _stage(text, len(text))
    )


def _status(text: str) -> str | None:
    match = _STATUS.search(text)
    return match[1] if match else None


def _stage(block: str, reply_at: int) -> Stage | None:
    """The command named last before the reply; else one named behind it, as Yahoo's ``[RCPT_TO]``."""
    before = [(match.end(), stage) for stage, sign in _STAGES for match in sign.finditer(block, 0, reply_at)]
    if before:
        return max(before)[1]
    # Further on, "MAIL FROM" is a field among others; only a heading says that it was the command.
    behind = _paragraph(block[reply_at:]) + block[reply_at:].partition("SMTP command")[2]
    return next((stage for stage, sign in _STAGES if sign.search(behind)), None)


def _first_words(block: str) -> str:
    """The first paragraph that speaks of failure, else the first that is no heading; as one line."""
    fallback = ""
    for paragraph in block.split("\n\n"):
        text = _one_line(" ".join(line for line in paragraph.split("\n") if line.strip(" -_*=#")))
        if not text.endswith(":") and speaks_of_failure(text):
            return text
        fallback = fallback if fallback and not fallback.endswith(":") else f"{fallback} {text}".strip()
    return fallback[:_MAX_TEXT_CHARS]


def _paragraph(text: str) -> str:
    return text.lstrip("\n").split("\n\n", 1)[0]


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_MAX_TEXT_CHARS]
