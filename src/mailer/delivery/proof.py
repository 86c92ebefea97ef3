"""Proofs: a copy of every edition of an issue, mailed to people who look.

Before the release it is made from what stands there now and says so; after it, it is what readers get.
A proof needs no reader and leaves no trace in the ledger; its unsubscribe link names nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mailer.delivery.connection import Connection
from mailer.delivery.copy import Composer, Copy
from mailer.delivery.diagnosis import diagnose
from mailer.delivery.dialler import Dialler, NoConnection
from mailer.delivery.envelope import OTHER_SCRIPT
from mailer.delivery.letterpress import letterhead
from mailer.delivery.release import Terms
from mailer.domain import content
from mailer.domain.judgement import Answer, Lost
from mailer.domain.language import Language
from mailer.domain.outcome import Stage
from mailer.domain.plan import plan_for
from mailer.domain.reply import Verdict, judge, mask
from mailer.domain.token import PUBLIC_ID_BYTES, Token
from mailer.editorial.contents import edition_content
from mailer.editorial.draft import Draft
from mailer.errors import MailerError
from mailer.rendering.apart import render_apart
from mailer.rendering.letterhead import edition_skeleton
from mailer.rendering.skeleton import Skeleton
from mailer.storage.editions import StoredEdition

_NOBODY = b"\0" * PUBLIC_ID_BYTES


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of one test copy.

    Attributes:
        address: which of those it was mailed to, from 1: an address is not written where output is kept.
        taken: whether the mail provider took it.
        reply: what it said, masked.
    """

    language: Language
    address: int
    taken: bool
    reply: str


async def check_relay(dialler: Dialler) -> None:
    """Connect and log in, and take leave again.

    Raises:
        MailerError: the relay does not take us; the sentence names the next step.
    """
    await (await _connect(dialler)).quit()


async def send_proofs(
    found: Draft,
    addresses: Sequence[str],
    *,
    dialler: Dialler,
    composer: Composer,
    terms: Terms,
    frozen: Iterable[StoredEdition] = (),
) -> list[Proof]:
    """Mail every edition of a draft or issue to *addresses*; one Proof per language and address.

    Languages come in the newsletter's order, one without a ready text is left out.

    Args:
        found: the draft or issue.
        addresses: of people who look.
        dialler, composer: as a sender has them.
        terms: those that a release would have now, so that a copy looks as it will.
        frozen: editions of a released issue, usual ones first: these bytes are mailed, not today’s texts.

    Raises:
        MailerError: the relay does not take us.
        RenderingError: a template or text can't be rendered.
    """
    skeletons = _frozen_skeletons(frozen) or await _skeletons(found, terms)
    if not skeletons:
        return []
    composer = composer.of(found.newsletter)
    token = Token(_NOBODY, issue=found.issue.id)
    connection = await _connect(dialler)
    proofs = [
        _proof(language, number, address, await _send(connection, composer.copy_to(address, skeleton, token)))
        for language, skeleton in skeletons.items()
        for number, address in enumerate(addresses, start=1)
    ]
    await connection.quit()
    return proofs


async def _send(connection: Connection, copy: Copy) -> Answer | Lost:
    if not connection.takes(copy):
        return Lost(Stage.RCPT, OTHER_SCRIPT)
    return await connection.hand_over(copy)


async def _connect(dialler: Dialler) -> Connection:
    try:
        return await dialler.open()
    except NoConnection as error:
        # Without a chain: what the server said to the login could hold the password.
        raise MailerError(diagnose(dialler.relay, error.__cause__ or error)) from None


def _frozen_skeletons(frozen: Iterable[StoredEdition]) -> dict[Language, Skeleton]:
    skeletons: dict[Language, Skeleton] = {}
    for edition in frozen:
        if edition.skeleton and edition.language not in skeletons:
            skeletons[edition.language] = Skeleton.unpack(edition.skeleton)
    return skeletons


async def _skeletons(found: Draft, terms: Terms) -> dict[Language, Skeleton]:
    plans = {language: plan_for(found.grid, language, None) for language in found.newsletter.languages}
    contents = {
        language: replace(edition_content(found.grid, found.issue, plan, terms.links), proof=_remarks(found))
        for language, plan in plans.items()
        if plan.cells
    }
    if not contents:
        return {}
    folder = terms.themes.of(found.newsletter.slug)
    mails = await asyncio.to_thread(render_apart, list(contents.values()), folder=folder)
    return {
        language: edition_skeleton(
            mail,
            letterhead(found.newsletter, language, terms.links),
            issue_key=found.issue.key,
            date=terms.released_at,
        )
        for language, mail in zip(contents, mails, strict=True)
    }


def _remarks(found: Draft) -> content.Proof:
    return content.Proof(tuple(finding.sentences for finding in found.findings))


def _proof(language: Language, number: int, address: str, met: Answer | Lost) -> Proof:
    if isinstance(met, Lost):
        return Proof(language, number, taken=False, reply=met.words)
    taken = judge(met.reply, met.stage) is Verdict.TAKEN
    return Proof(language, number, taken, mask(str(met.reply), address))
