"""The judgement of replies: stage first, then words, then the enhanced code, then the basic code.

One classifier for SMTP replies, returned mail and webhooks. It is total: whatever a server writes has
a meaning, and what nobody can read is UNKNOWN. A reply before RCPT can never condemn a reader.
"""

from __future__ import annotations

import re

from mailer.domain.outcome import Stage
from mailer.domain.reply import Reply
from mailer.domain.reply_class import READER_CLASSES, Cause, Hardness, Meaning, ReplyClass
from mailer.domain.reply_codes import cause_of_code, cause_of_delay, cause_of_status, cause_of_subject
from mailer.domain.reply_words import cause_by_hints, cause_by_words

# "550 …", "#550 5.7.1 …", and what mailers put before it: "smtp; 550 …", "host x said: 550-5.1.1 …".
_CODE = re.compile(r"^(?:[^\w]*|smtp;\s*|.{0,200}?\bsaid:\s*)([2-5]\d\d)(?=[\s-]|$)[\s-]*", re.IGNORECASE)
# Postfix tells in its reports what a reply answered.
_ANSWERED = re.compile(r"in reply to (?:the )?(end of DATA|DATA|RCPT|MAIL|[A-Z]+)", re.IGNORECASE)
_STAGES = {
    "end of data": Stage.DOT,
    "data": Stage.DATA,
    "rcpt": Stage.RCPT,
    "mail": Stage.MAIL,
    "ehlo": Stage.CONNECT,
    "helo": Stage.CONNECT,
    "auth": Stage.CONNECT,
    "starttls": Stage.CONNECT,
    "initial": Stage.CONNECT,
}
_BEFORE_RCPT = frozenset({Stage.CONNECT, Stage.MAIL})
_FULL_OR_TOO_BIG = 552


def parse_reply(line: str) -> Reply:
    """Read a reply as it stands in a report, such as ``550-5.1.1 No such user``.

    Code 0 where *line* has none, as in ``connection timed out``.
    """
    match = _CODE.match(line)
    return Reply(int(match[1]), line[match.end() :].strip()) if match else Reply(0, line.strip())


def classify(reply: Reply, stage: Stage | None) -> Meaning:
    """Say what *reply* means.

    Args:
        reply: of any code; 0 where a report gives none. A report's own status field may be put
            before the text.
        stage: what it answered; None when nobody knows, as in returned mail.
    """
    stage = stage or _stage_in(reply.text)
    if reply.code // 100 in (2, 3):
        return Meaning(Cause.NO_REFUSAL, Hardness.NONE, f"code:{reply.code}")
    cause, evidence = _cause(reply, stage)
    if stage in _BEFORE_RCPT and (cause.reply_class in READER_CLASSES or cause is Cause.UNREADABLE):
        # Nobody has been named yet: what is "unknown" or "disabled" here is us.
        cause, evidence = (Cause.SYSTEM if _is_delay(reply) else Cause.RULE), f"stage:{stage}"
    return Meaning(cause, _hardness(cause, reply, stage), evidence)


def _cause(reply: Reply, stage: Stage | None) -> tuple[Cause, str]:
    status = reply.enhanced
    by_status = cause_of_status(status) if status else None
    words = cause_by_words(reply.text)
    if words is Cause.NO_DOMAIN and by_status is Cause.SENDER:
        # "5.1.8 Domain does not exist" is the domain we write from.
        words = None
    if words is Cause.DISABLED and by_status is not None and by_status.reply_class is ReplyClass.POLICY:
        # "5.7.1 This account is suspended" is said of ours as well; no reader may pay for the doubt.
        words = None
    if words is not None:
        return words, f"text:{words}"
    if by_status is not None and status is not None:
        return by_status, "status:{}.{}.{}".format(*status)
    if (hint := cause_by_hints(reply.text)) is not None:
        return hint, f"text:{hint}"
    return _cause_of_numbers(reply, stage)


def _cause_of_numbers(reply: Reply, stage: Stage | None) -> tuple[Cause, str]:
    """What is left where neither words nor a precise status code say anything."""
    by_code = f"code:{reply.code}"
    if (cause := cause_of_code(reply.code)) is not None:
        return cause, by_code
    if reply.code == _FULL_OR_TOO_BIG:
        # RFC 5321 §4.2.3 uses 552 for both; before the body has been seen it can't be its size.
        return (Cause.FULL if stage in (None, Stage.RCPT) else Cause.SIZE), by_code
    status = reply.enhanced
    if status is not None and (cause := cause_of_subject(status)) is not None:
        return cause, "status:{}.{}.{}".format(*status)
    if _is_delay(reply):
        return cause_of_delay(reply.code), by_code
    if stage is not None and stage is not Stage.RCPT and _is_refusal(reply):
        # What is refused after RCPT, and not for the reader's sake, is what we send.
        return Cause.RULE, f"stage:{stage}"
    return Cause.UNREADABLE, by_code


def _hardness(cause: Cause, reply: Reply, stage: Stage | None) -> Hardness:
    """Only a final "no such mailbox" at RCPT is hard: filters say the same after DATA.

    Nor is it where the code beside it speaks of a mailbox that exists (X.2.1 "user unknown").
    """
    is_clear = cause.reply_class is ReplyClass.INVALID and cause is not Cause.UNLISTED
    if not is_clear or stage not in (None, Stage.RCPT) or _is_delay(reply):
        return Hardness.SOFT
    by_status = cause_of_status(reply.enhanced) if reply.enhanced else None
    exists = by_status is not None and by_status.reply_class is ReplyClass.MAILBOX
    return Hardness.SOFT if exists else Hardness.HARD


def _first_digit(reply: Reply) -> int:
    """The class of the reply, by its status code where it has no basic one; 0 for none at all."""
    if reply.code or (status := reply.enhanced) is None:
        return reply.code // 100
    return status[0]


def _is_delay(reply: Reply) -> bool:
    return _first_digit(reply) == 4  # noqa: PLR2004 - RFC 5321 §4.2.1's digit


def _is_refusal(reply: Reply) -> bool:
    return _first_digit(reply) == 5  # noqa: PLR2004 - RFC 5321 §4.2.1's digit


def _stage_in(text: str) -> Stage | None:
    match = _ANSWERED.search(text)
    return _STAGES.get(match[1].lower()) if match else None
