"""In which words somebody asks to be unsubscribed: the evidence beside a proposal, without an address."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from mailer.audience.vault import Vault
from mailer.bounces.incoming import take_in
from mailer.bounces.message import open_message
from mailer.bounces.stored import opened
from mailer.domain.leaving_words import asking_sentence
from mailer.domain.reply import mask
from mailer.errors import KeysError
from mailer.storage import Database, Transaction, reports
from mailer.storage.consequences import Consequence
from mailer.storage.reports import Report


async def asking_words(database: Database, vault: Vault, proposals: Sequence[Consequence]) -> list[str]:
    """
    Return, for each proposal, the sentence that asks; empty where its mail is kept no more.

    Every address in it is masked; the name of whoever wrote may stand in it, as they wrote it.
    """

    def read(tx: Transaction) -> list[Report | None]:
        return [reports.get(tx, each.report_id) if each.report_id else None for each in proposals]

    kept = await database.read(read)
    return await asyncio.to_thread(lambda: ["" if each is None else _sentence(vault, each) for each in kept])


def _sentence(vault: Vault, report: Report) -> str:
    try:
        arrived = opened(vault, report)
    except KeysError:
        # The key is lent elsewhere, or gone: the proposal stands without its words.
        return ""
    letter = take_in(open_message(arrived.raw))
    return mask(asking_sentence(letter.subject, letter.text), letter.sender)
