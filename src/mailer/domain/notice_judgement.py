"""What a notice in returned mail means: the same judgement as a live reply gets, in the light of its mail.

Only a bounce can count against anybody: a delay, a success, a complaint or an answering machine that quotes
a server is no refusal.
"""

from __future__ import annotations

from dataclasses import replace

from mailer.domain.classifier import classify, parse_reply
from mailer.domain.reply import Reply, is_precise
from mailer.domain.reply_class import Cause, Hardness, Meaning
from mailer.domain.returned_mail import MailKind, Notice


def judge_notice(notice: Notice, kind: MailKind) -> Meaning:
    """Say what *notice* means in a mail of *kind*; its verdict is ``none`` in any but a bounce."""
    meaning = classify(as_reply(notice), notice.stage)
    if kind is not MailKind.BOUNCE:
        return replace(meaning, verdict=Hardness.NONE)
    if meaning.verdict is Hardness.NONE:
        # A server that quotes "250 ok" in a bounce did not take the mail in the end.
        return Meaning(Cause.UNREADABLE, Hardness.SOFT, meaning.evidence)
    return meaning


def as_reply(notice: Notice) -> Reply:
    """Put *notice* as a server would say it: its words, behind the status field where they hold no code.

    Local servers fill in the field with 5.0.0 or a guess, so the remote server's own code goes first.
    """
    said = parse_reply(notice.text)
    code = said.code or notice.reply_code or 0
    if is_precise(said.enhanced) or notice.status is None:
        return Reply(code, said.text)
    return Reply(code, f"{notice.status} {said.text}".strip())
