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
from mailer.domain.reply_words import Sign, hint_in, sign_in

# "550 …", "#550 5.7.1 …", and what mailers put before it: "smtp; 550 …", "5.1.1 550 …", "host x said: 550-…".
_CODE = re.compile(
    r"^(?:[^\w]*|(?!x-unix)[\w-]{1,20};\s*|#?(?P<status>[245]\.\d{1,3}\.\d{1,3})[\s:;-]+|.{0,200}?\bsaid:\s*)"
    r"(?P<code>[2-5]\d\d)(?=[\s:;,#<(-]|$)[\s:-]*",
    re.IGNORECASE,
)
# "host x [192.0.2.1]: 550 …" (Exim), "refused to talk to me: 554 …" (Postfix), "error code 550".
_LATER_CODE = re.compile(
    r"(?:\]|\bto me|\b(?:said|repl(?:y|ied)|respon(?:se|ded)|returned|with|error|code)(?: was)?):?[\s\"']+"
    r"([245]\d\d)(?=[\s:;,#<(-]|$)[\s:-]*",
    re.IGNORECASE,
)
_MAX_LEAD_CHARS = 500
_MAX_STAGE_CHARS = 2000
# Postfix tells in its reports what a reply answered, Exim what it came after.
_ANSWERED = re.compile(
    r"(?:\b(?:in (?:reply|response) to|while sending|remote (?:mail )?server after|error after)"
    r" (?:the )?(?:pipelined )?|\[)(end of data|data|rcpt|mail|initial|ehlo|helo|auth|starttls)\b"
    r"|(refused to talk to me|initial server greeting)",
    re.IGNORECASE,
)
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
# Yahoo looks an address up only after the message, and says so in words that no filter uses.
_LOOKED_UP_LATE = "delivery error: dd"
_BEFORE_RCPT = frozenset({Stage.CONNECT, Stage.MAIL})
_POSITIVE = (2, 3)
_FULL_OR_TOO_BIG = 552
# RFC 3463 §3.2: "other address status".
_ADDRESS_STATUS = (5, 1, 0)
# Exchange Online's directory-based edge blocking: "5.4.1 Recipient address rejected: Access denied".
_EDGE_STATUS = (5, 4, 1)


def parse_reply(line: str) -> Reply:
    """Read a reply as it stands in a report, such as ``550-5.1.1 No such user``.

    Code 0 where *line* has none, as in ``connection timed out``.
    """
    if (match := _CODE.match(line)) is not None:
        return Reply(int(match["code"]), f"{match['status'] or ''} {line[match.end() :]}".strip())
    if (match := _LATER_CODE.search(line, 0, _MAX_LEAD_CHARS)) is not None:
        # What stands before it may say which command was refused.
        return Reply(int(match[1]), line.strip())
    return Reply(0, line.strip())


def classify(reply: Reply, stage: Stage | None) -> Meaning:
    """Say what *reply* means.

    Args:
        reply: of any code; 0 where a report gives none. A report's own status field may be put
            before the text.
        stage: what it answered; None when nobody knows, as in returned mail.
    """
    stage = stage or stage_named(reply.text)
    if reply.code // 100 in _POSITIVE:
        return Meaning(Cause.NO_REFUSAL, Hardness.NONE, f"code:{reply.code}")
    cause, evidence, words = _cause(reply, stage)
    if stage in _BEFORE_RCPT and (cause.reply_class in READER_CLASSES or cause is Cause.UNREADABLE):
        # Nobody has been named yet: what is "unknown" or "disabled" here is us.
        cause = Cause.SYSTEM if _is_delay(reply) else Cause.RULE
        evidence, words = f"stage:{stage}", ""
    if words == _LOOKED_UP_LATE:
        stage = Stage.RCPT
    return Meaning(cause, _hardness(cause, reply, stage), evidence, words)


def stage_named(text: str) -> Stage | None:
    """Return which command *text* says was answered, as in ``(in reply to RCPT TO command)``."""
    match = _ANSWERED.search(text[:_MAX_STAGE_CHARS])
    if match is None:
        return None
    return _STAGES[match[1].lower()] if match[1] else Stage.CONNECT


def _cause(reply: Reply, stage: Stage | None) -> tuple[Cause, str, str]:
    status = reply.enhanced
    by_status = cause_of_status(status) if status else None
    sign = sign_in(reply.text)
    if sign is not None and not _is_doubtful(sign, by_status, reply.text):
        is_at_edge = sign.cause is Cause.UNLISTED and status == _EDGE_STATUS
        cause = Cause.EDGE_BLOCKED if is_at_edge else sign.cause
        return cause, f"text:{cause}", sign.words
    if by_status is not None and status is not None:
        return by_status, "status:{}.{}.{}".format(*status), ""
    if (hint := hint_in(reply.text)) is not None:
        return hint.cause, f"text:{hint.cause}", hint.words
    return *_cause_of_numbers(reply, stage), ""


def _is_doubtful(sign: Sign, by_status: Cause | None, text: str) -> bool:
    """Whether the code beside the words says that they are about something else."""
    if sign.cause is Cause.NO_DOMAIN and by_status is Cause.SENDER:
        # "5.1.8 Domain does not exist" is the domain we write from.
        return "recipient" not in text.lower()
    if sign.cause is Cause.UNLISTED and by_status is not None:
        # "5.7.1 Recipient address rejected: Access denied" is a rule, not a directory.
        return by_status.reply_class is ReplyClass.POLICY
    if sign.cause is Cause.DISABLED and by_status is not None:
        # "5.7.1 This account is suspended" is said of ours as well; no reader may pay for the doubt.
        return by_status.reply_class is ReplyClass.POLICY and "recipient address" not in text.lower()
    # "5.2.2 Mail quota exceeded" is room, not pace.
    return sign.cause is Cause.RATE and by_status is Cause.FULL


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
    """Only a final "no such mailbox" at RCPT is hard: filters say the same after DATA."""
    if cause.reply_class is not ReplyClass.INVALID or stage not in (None, Stage.RCPT) or _is_delay(reply):
        return Hardness.SOFT
    if cause is Cause.UNLISTED:
        # "Address rejected" may mean anything; with a code of the recipient's address it means one thing.
        status = reply.enhanced
        is_about_address = status is not None and cause_of_status(status) is Cause.NO_MAILBOX
        return Hardness.HARD if is_about_address or status == _ADDRESS_STATUS else Hardness.SOFT
    return Hardness.HARD


def _first_digit(reply: Reply) -> int:
    """The class of the reply, by its status code where it has no basic one; 0 for none at all."""
    if reply.code or (status := reply.enhanced) is None:
        return reply.code // 100
    return status[0]


def _is_delay(reply: Reply) -> bool:
    return _first_digit(reply) == 4  # noqa: PLR2004 - RFC 5321 §4.2.1's digit


def _is_refusal(reply: Reply) -> bool:
    return _first_digit(reply) == 5  # noqa: PLR2004 - RFC 5321 §4.2.1's digit
