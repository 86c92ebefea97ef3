"""Letters as readers' moves ask for them: sealed, with the time after which they are pointless."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.language import Language
from mailer.domain.subscription import CONFIRM_VALID, INVITE_VALID, MOVE_VALID, SETTINGS_VALID
from mailer.domain.token import PUBLIC_ID_BYTES
from mailer.storage import Transaction, newsletters
from mailer.storage.letters import Letter

_WORTH_SENDING = {
    LetterKind.CONFIRM: CONFIRM_VALID,
    LetterKind.INVITE: INVITE_VALID,
    LetterKind.MANAGE: SETTINGS_VALID,
    LetterKind.MOVE_IN: MOVE_VALID,
    LetterKind.MOVE_OUT: MOVE_VALID,
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a letter goes to.

    Attributes:
        address: in plain, as it stands in RCPT TO; only ever stored sealed.
        public_id: the reader's, 12 bytes.
    """

    address: str
    public_id: bytes
    language: Language
    newsletter: str


def letter(
    vault: Vault,
    kind: LetterKind,
    recipient: Recipient,
    *,
    now: datetime,
    secret: str = "",
    titles: Sequence[str] = (),
) -> Letter:
    """Return a letter to *recipient*, sealed.

    Args:
        vault: seals it.
        kind: of the letter.
        recipient: who also decides language and newsletter.
        now: aware UTC.
        secret: of its link, 43 letters.
        titles: of all newsletters that it is about; none where it is only the recipient's.
    """
    named = {"titles": "\n".join(titles)} if titles else {}
    seal_id = os.urandom(PUBLIC_ID_BYTES)
    return Letter(
        kind=kind,
        language=recipient.language,
        newsletter=recipient.newsletter,
        public_id=recipient.public_id,
        seal_id=seal_id,
        sealed=vault.seal_values({"to": recipient.address, "secret": secret, **named}, seal_id),
        created_at=now,
        not_after=now + _WORTH_SENDING.get(kind, timedelta(days=2)),
    )


def titles_of(tx: Transaction, slugs: Sequence[str], language: Language) -> list[str]:
    """Return what a letter about several newsletters calls them: in *language*, or else in their own first.

    A letter about one has its name already, so there are none.
    """
    if len(slugs) == 1:
        return []
    found = [newsletters.pick(tx, slug) for slug in slugs]
    return [each.title.get(language) or each.title[each.languages[0]] for each in found]
