"""Mail that came back, written down as the room of returned mail would."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select, update

from mailer.audience.address import parse_address
from mailer.bounces.retirement import retire
from mailer.bounces.stored import Arrived, sealed
from mailer.domain import outcome
from mailer.domain.consequence import Effect
from mailer.domain.delivery import DeliveryState
from mailer.domain.guard import Tally
from mailer.domain.reply_class import Cause, Hardness
from mailer.domain.returned_mail import MailKind
from mailer.domain.subscription import Event
from mailer.storage import Transaction, consequences, guards, readers, reports
from mailer.storage.consequences import Consequence
from mailer.storage.tables import chunk, delivery
from tests.integration.web.staging import READER, Stage

ISSUE = 2
REPLY = "550 5.1.1 ‹…›: user unknown <b>here</b>"
LETTER = (
    b"From: Jan Kowal <reader@example.org>\r\nSubject: Re: Weekly\r\n\r\n"
    b"Good day. Please unsubscribe reader@example.org <b>now</b>. I moved.\r\n"
)


async def come_back(here: Stage, effect: Effect, **values: Any) -> int:
    """Let the copy of the only reader come back to *effect*; return the number of what followed."""
    given: dict[str, Any] = {
        "newsletter_id": 1,
        "issue_id": ISSUE,
        "kind": MailKind.BOUNCE,
        "cause": Cause.NO_MAILBOX,
        "verdict": Hardness.HARD,
        "evidence": "text:no-mailbox",
        "status": "5.1.1",
        "reply_code": 550,
        "stage": outcome.Stage.RCPT,
        "reply": REPLY,
        "at": here.clock(),
        "report_id": 1,
        **values,
    }

    def work(tx: Transaction) -> int:
        reader = readers.by_index(tx, here.site.vault.index(parse_address(READER)))
        assert reader is not None
        if effect is Effect.SUPPRESSED:
            retire(tx, reader, Event.BOUNCE, here.clock())
        who: dict[str, Any] = {"reader_id": reader.id, "effect": effect} | given
        return consequences.add(tx, Consequence(**who))

    return await here.site.database.write(work)


async def begin_guard(stage: Stage, group: str = "other", *, hard_count: int = 60) -> int:
    """Begin a guard of the only reader's provider, on so many of 500 copies; return its number."""
    issue = Tally(hard_count, copy_count=500)
    begun = await stage.site.database.write(lambda tx: guards.begin(tx, group, ISSUE, issue, stage.clock()))
    assert begun is not None
    return begun.id


async def write_letter(stage: Stage, raw: bytes = LETTER, kind: MailKind = MailKind.HUMAN) -> int:
    """Let a mail have come in and have been read as *kind*; return its number."""
    report = sealed(stage.site.vault, Arrived("smtp", READER, "", raw), stage.clock())
    await stage.site.database.write(lambda tx: reports.add(tx, report))
    ((number,),) = stage.rows("SELECT max(id) FROM report")
    await stage.site.database.write(lambda tx: reports.mark_read(tx, {number: kind}, stage.clock()))
    return int(number)


async def ask_to_leave(stage: Stage) -> int:
    """Let the only reader write that they want to leave; return the number of the proposal."""
    number = await write_letter(stage)
    blank = {"cause": None, "status": None, "reply_code": None, "stage": None, "reply": ""}
    said = {"evidence": "text:wants-to-leave", "verdict": Hardness.NONE}
    return await come_back(stage, Effect.PROPOSED, kind=MailKind.HUMAN, report_id=number, **blank, **said)


async def take(stage: Stage, copies: int = 1) -> None:
    """Let the issue's copies have been taken; the counters say so many."""

    def work(tx: Transaction) -> None:
        taken = {"state": DeliveryState.ACCEPTED, "settled_at": stage.clock()}
        tx.execute(update(delivery).where(delivery.c.issue_id == ISSUE).values(taken))
        counted = {"size": copies, "accepted": copies, "queued": 0, "next_at": None}
        tx.execute(update(chunk).where(chunk.c.issue_id == ISSUE).values(counted))

    await stage.site.database.write(work)


async def another_copy(stage: Stage) -> int:
    """Add a copy of the issue to a reader who is gone since; return the reader's number."""

    def work(tx: Transaction) -> int:
        (theirs,) = tx.execute(select(delivery).where(delivery.c.issue_id == ISSUE)).mappings()
        number = int(theirs["reader_id"]) + 1
        tx.execute(insert(delivery).values({**theirs, "reader_id": number}))
        return number

    return await stage.site.database.write(work)
